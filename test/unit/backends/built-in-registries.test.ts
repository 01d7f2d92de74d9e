import { expect, it } from 'vitest';
import { builtInRegistries } from '../../../src/backends/built-in-registries.js';
import { loadRegistry } from '../../../src/heartbeat/worker/load-registry.js';
import { serializeRegistry } from '../../../src/heartbeat/worker/serialize-registry.js';
import type { Callbacks } from '../../../src/heartbeat/worker/serialize-registry.js';
import { consul, etcd, fallback, file, nearest, redis } from '../../../src/index.js';
import type { WorkerSpec } from '../../../src/index.js';

const unreachable = 'http://127.0.0.1:9';
const made = {
  consul: consul({ endpoints: [unreachable] }),
  'consul with several agents': consul({ endpoints: [unreachable, 'http://127.0.0.1:10'] }),
  etcd: etcd({ endpoints: [unreachable] }),
  fallback: fallback([consul({ endpoints: [unreachable] }), file({ dir: '.cache/nowhere' })], { patience: '1s' }),
  file: file({ dir: '.cache/nowhere' }),
  nearest: nearest([etcd({ endpoints: [unreachable] }), redis()], { register: true }),
  redis: redis({ url: 'redis://127.0.0.1:9' }),
};

/** As in a worker thread, which is sent no functions. */
function loadInThread(spec: WorkerSpec) {
  const asked: Callbacks = [];
  return loadRegistry(structuredClone(serializeRegistry(spec, asked)), builtInRegistries, (about) =>
    Promise.resolve(asked[about]?.()),
  );
}

it.each(Object.entries(made))('makes %s again in a worker thread', async (_what, registry) => {
  const again = await loadInThread(registry.workerSpec!);
  expect(again.constructor).toBe(registry.constructor);
  expect(again.name).toBe(registry.name);
  expect(again.workerSpec).toEqual(registry.workerSpec);
});

it('has every kind that a registry of the package names', () => {
  const kinds = Object.values(made).flatMap(({ workerSpec }) =>
    workerSpec !== undefined && 'kind' in workerSpec ? workerSpec.kind : [],
  );
  expect(Object.keys(builtInRegistries).sort()).toEqual([...new Set(kinds)].sort());
});

it('says what it has when it is asked for another kind', async () => {
  await expect(loadInThread({ kind: 'zookeeper' as never, options: {} })).rejects.toThrow(
    /workerSpec\.kind.*consul, etcd/s,
  );
});

it('says what a module of your own must be', async () => {
  await expect(loadInThread({ module: 'node:path', options: {} })).rejects.toThrow(/workerSpec\.module.*one export/s);
});
