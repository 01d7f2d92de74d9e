import { expect, it, vi } from 'vitest';
import { memory } from '../../../src/backends/memory/memory-registry.js';
import { systemClock } from '../../../src/core/clock.js';
import { waitFor } from '../../support/wait-for.js';

/** Two copies of a module, each with its own classes, as two installations of the package have. */
async function twoCopies<T>(load: () => Promise<T>): Promise<[T, T]> {
  vi.resetModules();
  const first = await load();
  vi.resetModules();
  return [first, await load()];
}

it('is made once, by the first copy that asks for it', async () => {
  const [first, second] = await twoCopies(() => import('../../../src/core/process-wide.js'));
  expect(first.processWide).not.toBe(second.processWide);
  const made = first.processWide('a test', () => ({ by: 'the first' }));
  expect(second.processWide('a test', () => ({ by: 'the second' }))).toBe(made);
  expect(second.processWide('another test', () => 'its own')).toBe('its own');
});

it('is everything that a Registrar shares with the others of its process', async () => {
  const [first, second] = await twoCopies(() => import('../../../src/compose.js'));
  const [one, other] = [first.thisProcess(), second.thisProcess()];
  for (const part of ['signals', 'slots', 'polls', 'batchWatcher'] as const) expect(other[part], part).toBe(one[part]);
  expect(await other.exitHandler()).toBe(await one.exitHandler());
  expect(await other.sharedThread()).toBe(await one.sharedThread());
});

it('has the same two listeners a signal for both copies', async () => {
  const before = process.listenerCount('SIGUSR2');
  const [first, second] = await twoCopies(() => import('../../../src/shutdown/signals.js'));
  const handler = () => ({ stop: () => Promise.resolve(true), forceStop: () => undefined });
  const ends = [first, second].map(({ processSignals }) => processSignals().subscribe(['SIGUSR2'], handler()));
  expect(process.listenerCount('SIGUSR2')).toBe(before + 2);
  for (const end of ends) end();
  expect(process.listenerCount('SIGUSR2')).toBe(before);
});

it('has the connections to one Consul agent', async () => {
  const [first, second] = await twoCopies(() => import('../../../src/backends/consul/consul-connection.js'));
  const plan = { url: new URL('http://127.0.0.1:9'), pool: { few: 1, most: 1 }, connectMs: 100, tls: undefined };
  const wire = first.acquireConnection(plan);
  expect(second.acquireConnection(plan)).toBe(wire);
  first.releaseConnection(plan);
  expect(second.acquireConnection(plan)).toBe(wire);
  second.releaseConnection(plan);
  second.releaseConnection(plan);
  expect(first.acquireConnection(plan)).not.toBe(wire);
  first.releaseConnection(plan);
});

it('knows who still uses a registry that both were given', async () => {
  const [first, second] = await twoCopies(() => import('../../../src/registries/guarded-registry.js'));
  const registry = memory();
  const close = vi.spyOn(registry, 'close');
  const [one, other] = [first, second].map(({ GuardedRegistry }) => new GuardedRegistry(registry, systemClock));
  await one!.close();
  expect(close).not.toHaveBeenCalled();
  await other!.close();
  expect(close).toHaveBeenCalledOnce();
});

it('reads secrets once for both copies', async () => {
  const [first, second] = await twoCopies(() => import('../../../src/credentials/watch-credentials.js'));
  let reads = 0;
  const reread = () => {
    reads += 1;
    return { changed: true, problems: [] };
  };
  const credentials = { files: ['.cache/no-such-token'], reread };
  let told = 0;
  const ends = [first, second].map(({ watchCredentials }) =>
    watchCredentials(credentials, systemClock, () => (told += 1)),
  );
  await waitFor(() => told === 2);
  for (const end of ends) end();
  expect(reads).toBe(1);
});
