import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/clock.js';
import { createResolver } from '../../../src/discovery/resolver.js';
import { SnapshotStore } from '../../../src/discovery/snapshot-store.js';
import { memory } from '../../../src/index.js';
import { every, pause } from '../experiment/pause.js';
import { instancesOf, key } from './sample-service.js';

// Runs on a disk of its own, which it fills; prints what it saw as its last line.
const dir = process.argv[2] ?? '';
const LOOKUPS = 1_000;
const WITHIN_MS = 30_000;
const signal = new AbortController().signal;
const passing = { status: 'passing', reason: 'ok' } as const;

const registry = memory();
const add = async (id: string) => {
  const instance = { ...instancesOf(1)[0]!, id, nonce: id, ttlMs: 600_000, checks: [] };
  await (await registry.register(instance, passing, signal)).renew(passing, signal);
};
const codes: (string | undefined)[] = [];
const resolver = createResolver({
  registry,
  snapshot: { dir },
  logger: {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields) => codes.push((fields as { err: NodeJS.ErrnoException }).err.code),
    error: () => undefined,
  },
});
const store = new SnapshotStore(dir, systemClock);
const scope = { ...key, registry: 'memory', service: 'orders' };
const saved = async () => (await store.load(scope))?.instances.length;

await add('one');
const orders = resolver.service('orders');
await orders.ready();
let found: number | undefined;
const look = async () => {
  found = await saved();
};
await every(50, look, () => found === 1, WITHIN_MS);

const filler = join(dir, 'filler');
let size = 64 * 1_024 * 1_024;
while (size >= 1) {
  try {
    writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
  } catch {
    size = Math.floor(size / 2);
  }
}
await add('two');
await every(
  50,
  () => Promise.resolve(),
  () => orders.snapshot().instances.length === 2 && codes.length > 0,
  WITHIN_MS,
);
const sizes: number[] = [];
for (let lookup = 0; lookup < LOOKUPS; lookup += 1) {
  sizes.push(orders.snapshot().instances.length);
  if (lookup % 100 === 0) await pause(1);
}
const during = await saved();
rmSync(filler);
await every(100, look, () => found === 2, WITHIN_MS);
await resolver.close();
console.log(
  JSON.stringify({
    failedSaves: codes.length,
    code: codes[0],
    lookups: sizes.length,
    wrongLookups: sizes.filter((each) => each !== 2).length,
    oldServed: during === 1,
    savedLater: found === 2,
  }),
);
