import { monitorEventLoopDelay } from 'node:perf_hooks';
import { rawConsul } from '../../support/servers/raw-consul.js';
import { grpcService } from './contender.js';
import { startPeerInstance } from './instance.js';
import type { PeerInstance } from './instance.js';
import type { NumberedOrder, ServersAnswer, ServersOrder, ServersPlan } from './servers-plan.js';

// The instances of the comparison, in a process of their own.
const { world, instances: slots } = JSON.parse(process.argv[2] ?? '') as ServersPlan;
process.once('disconnect', () => process.exit(1));
const delay = monitorEventLoopDelay({ resolution: 5 });
const consul = rawConsul(world.consulUrl);
const running = new Map<number, PeerInstance>();
let counts: Record<string, number[]> = {};
let started = 0;

async function start(slot: number): Promise<void> {
  started += 1;
  const instance = await startPeerInstance(`127.1.0.${started}`, world, (caller) => {
    const mine = (counts[caller] ??= new Array<number>(slots).fill(0));
    mine[slot] = (mine[slot] ?? 0) + 1;
  });
  running.set(slot, instance);
}

const services = [
  { name: world.service, port: world.httpPort },
  { name: grpcService(world.service), port: world.grpcPort },
];

async function register({ address }: PeerInstance): Promise<void> {
  for (const { name, port } of services) {
    const body = { ID: `${name}-${address}`, Name: name, Address: address, Port: port };
    const { status } = await consul.put('/v1/agent/service/register', body);
    if (status !== 200) throw new Error(`Consul answered ${status} to a registration`);
  }
}

async function deregister({ address }: PeerInstance): Promise<void> {
  for (const { name } of services) await consul.put(`/v1/agent/service/deregister/${name}-${address}`);
}

async function obey(order: ServersOrder): Promise<void> {
  if (!('slot' in order)) {
    if (order.do === 'register') for (const instance of running.values()) await register(instance);
    return;
  }
  const instance = running.get(order.slot);
  if (instance === undefined) throw new Error(`There is no instance in slot ${order.slot}`);
  if ('fault' in order) {
    instance.fault = order.fault;
    return;
  }
  if (order.do === 'roll') await deregister(instance);
  running.delete(order.slot);
  await instance.close();
  if (order.do === 'end') return;
  await start(order.slot);
  if (order.do === 'roll') await register(running.get(order.slot)!);
}

process.on('message', ({ serial, order }: NumberedOrder) => {
  void obey(order).then(() => {
    process.send?.({ serial, counts, stalledMs: delay.max / 1e6 } satisfies ServersAnswer);
    if (order.do === 'counts') counts = {};
  });
});
for (let slot = 0; slot < slots; slot += 1) await start(slot);
for (const instance of running.values()) await register(instance);
delay.enable();
process.send?.({ serial: 0, counts, stalledMs: 0 } satisfies ServersAnswer);
