import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { pause } from '../../prove/experiment/pause.js';
import type { CallerPlan, FromCaller, Phase, PhaseCalls, ToCaller } from './caller-plan.js';
import { startContender } from './contenders/start-contender.js';

// One contender, in a process of its own, under an open loop of calls.
const { contender: name, world, callsPerSecond } = JSON.parse(process.argv[2] ?? '') as CallerPlan;
process.once('disconnect', () => process.exit(1));
const tell = (message: FromCaller) => process.send?.(message);

const WARM_CALLS = 40;
const WARM_PAUSE_MS = 20;
const LAST_CALLS_MS = 2_000;

const open = new Set<Socket>();
subscribe('net.client.socket', (message) => {
  const { socket } = message as { socket: Socket };
  open.add(socket);
  socket.once('close', () => open.delete(socket));
});
const socketsTo = (...ports: number[]) => [...open].filter(({ remotePort }) => ports.includes(remotePort ?? 0)).length;
const countSockets = () => ({
  registry: socketsTo(Number(new URL(world.consulUrl).port)),
  instances: socketsTo(world.httpPort, world.grpcPort),
});

const contender = await startContender(name, world);
const phases: Partial<Record<Phase, { calls: number; failed: number; error: string | undefined }>> = {};
let phase: Phase = 'between';
let sockets = { registry: NaN, instances: NaN };
let isOver = false;

async function call(): Promise<boolean> {
  const mine = (phases[phase] ??= { calls: 0, failed: 0, error: undefined });
  mine.calls += 1;
  try {
    await contender.call?.();
    return true;
  } catch (error) {
    mine.failed += 1;
    mine.error ??= String(error);
    return false;
  }
}

process.on('message', (message: ToCaller) => {
  if ('finish' in message) {
    isOver = true;
    return;
  }
  if (phase === 'steady') sockets = countSockets();
  phase = message.phase;
});

for (let succeeded = 0; succeeded < WARM_CALLS;) {
  succeeded = (await call()) ? succeeded + 1 : 0;
  await pause(WARM_PAUSE_MS);
}
tell({ kind: 'ready' });
// A call is sent when it is due, whatever became of those before.
const startedAt = performance.now();
const running = new Set<Promise<unknown>>();
for (let sent = 0; !isOver;) {
  const due = ((performance.now() - startedAt) * callsPerSecond) / 1_000;
  for (; sent < due; sent += 1) {
    const made: Promise<unknown> = call().finally(() => running.delete(made));
    running.add(made);
  }
  await pause(1_000 / callsPerSecond);
}
await Promise.race([Promise.all(running), pause(LAST_CALLS_MS)]);
const result: Partial<Record<Phase, PhaseCalls>> = phases;
tell({ kind: 'result', phases: result, sockets });
await Promise.race([contender.close(), pause(LAST_CALLS_MS)]);
process.exit(0);
