import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { afterEach, describe, expect, it } from 'vitest';
import { memory } from 'rollcall';
import type { HealthReport, InstanceKey, RegistrarError, Registration, ServiceInstance } from 'rollcall';
import { registerCluster } from 'rollcall/cluster';
import { WorkerRegistry as RegistryOfWorker } from '../../../src/cluster/worker-registry.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { waitFor } from '../../support/wait-for.js';
import { readGolden } from './read-golden.js';

/** One message over the channel between a worker of node:cluster and its primary. */
interface Step {
  readonly worker: number;
  readonly says?: Message & { readonly request?: Request };
  readonly hears?: Message;
  /** What the worker makes of the answer. */
  readonly takes?: object;
}

interface Message {
  readonly kind: string;
}

interface Request {
  readonly verb: string;
  readonly key?: InstanceKey;
  readonly instance?: ServiceInstance;
  readonly report?: HealthReport;
}

const golden = readGolden<Readonly<Record<string, readonly Step[]>>>('cluster-messages');
const conversations = Object.entries(golden);
const { signal } = new AbortController();
const bytesOf = (messages: readonly unknown[]) => messages.map((message) => JSON.stringify(message));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('the primary, told what workers say, answers the golden bytes', () => {
  it.each(conversations)('%s', async (_name, steps) => {
    const registry = Object.assign(memory(), { close: () => Promise.resolve() });
    const shutdown = { signals: false, drain: { min: 0, quiet: 0, max: '1s' } } as const;
    const primary = await registerCluster({ name: 'orders', registry, logger: false, shutdown });
    const heard: { worker: number; message: object }[] = [];
    const workers = [1, 2].map((id) => {
      const send = (message: object) => heard.push({ worker: id, message });
      return { id, process: { pid: id }, isConnected: () => true, send } as unknown as Worker;
    });
    cleanups.push(() => {
      for (const worker of workers) cluster.emit('exit', worker, 0, '');
      return primary.stop();
    });
    for (const { worker, says, hears } of steps) {
      if (says !== undefined) cluster.emit('message', workers[worker - 1], says);
      if (hears?.kind === 'stop') void primary.stop();
      if (hears === undefined) continue;
      await waitFor(() => heard.length > 0);
      expect(heard.splice(0).map((one) => JSON.stringify(one))).toEqual([JSON.stringify({ worker, message: hears })]);
    }
  });
});

/** Worker 1, whose primary is played by the test. */
function startWorker() {
  const said: object[] = [];
  let hear: (message: unknown) => void = () => undefined;
  let stops = 0;
  const channel = {
    isOpen: () => true,
    send: (message: object) => said.push(message),
    listen: (listener: typeof hear) => {
      hear = listener;
      return () => undefined;
    },
  };
  const plan = {
    registry: memory(),
    channel,
    clock: new FakeClock(),
    service: 'orders',
    ttlMs: 10_000,
    isRunning: () => true,
  };
  const registry = new RegistryOfWorker({ ...plan, onStop: () => (stops += 1) });
  return { registry, said, hear: (message: unknown) => hear(message), stops: () => stops };
}

describe('a worker says the golden bytes, and takes what the primary answers', () => {
  it.each(conversations)('%s', async (_name, steps) => {
    const { registry, said, hear, stops } = startWorker();
    let registration: Registration | undefined;
    const verbs: Readonly<Record<string, (request: Request) => Promise<object>>> = {
      read: async ({ key }) => ({ entry: await registry.read(key!, signal) }),
      register: async ({ instance, report }) => {
        registration = await registry.register(instance!, report!, signal);
        return { holder: registration.holder() };
      },
      renew: ({ report }) => registration!.renew(report!, signal),
      remove: async () => {
        await registration!.deregister(signal);
        return { handedOver: registry.handedOver };
      },
    };
    const begin = (request: Request) =>
      verbs[request.verb]!(request).catch((thrown: unknown) => ({ code: (thrown as RegistrarError).code }));
    const own = steps.filter(({ worker }) => worker === 1);
    // The first verb says hello by itself, and waits for the answer.
    let pending: Promise<object> | undefined = begin(
      own.find(({ says }) => says?.request !== undefined)!.says!.request!,
    );
    for (const { says, hears, takes } of own) {
      if (says?.request !== undefined) pending ??= begin(says.request);
      await settle();
      if (says !== undefined) expect(bytesOf(said.splice(0))).toEqual(bytesOf([says]));
      if (hears !== undefined) hear(JSON.parse(JSON.stringify(hears)));
      if (hears?.kind !== 'answer') continue;
      const outcome: unknown = await pending;
      expect(outcome).toEqual(takes);
      pending = undefined;
    }
    expect(stops()).toBe(own.filter(({ hears }) => hears?.kind === 'stop').length);
  });
});
