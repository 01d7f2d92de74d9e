import { afterEach, describe, expect, inject, it } from 'vitest';
import { catalogOf, cleanUp, freshName } from '../integration/fixtures/live.js';
import { watchService } from '../integration/fixtures/watching.js';
import { killForkedServices } from '../support/fork-service.js';
import { waitFor } from '../support/wait-for.js';
import type { ClusterPlan } from './fixtures/cluster-plan.js';
import { TestCluster } from './fixtures/start-cluster.js';
import { Traffic, get } from './fixtures/traffic.js';

const url = inject('consulUrl');
// No drain of a test ends because its time is up.
const shutdown = { drain: { min: '300ms', quiet: '300ms', max: '60s' }, timeout: '90s' };

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

/** Listed, with every worker counted in. */
async function serving(
  what: string,
  workers: number,
  { options, ...plan }: Partial<Omit<ClusterPlan, 'options'>> & { options?: Partial<ClusterPlan['options']> } = {},
) {
  const name = freshName(what);
  const catalog = catalogOf(url);
  const service = new TestCluster({ url, workers, options: { name, shutdown, ttl: '3s', ...options }, ...plan });
  const { port } = await service.told('listening', workers);
  await service.told('registered', workers);
  const [entry] = await waitFor(async () => {
    const passing = await catalog.passing(name);
    return passing.length > 0 && passing;
  });
  return { name, catalog, service, port, entry: entry!, place: `http://127.0.0.1:${String(port)}` };
}

const failed = (clients: readonly Traffic[]) =>
  clients.flatMap(({ answers }) => answers.filter((answer) => typeof answer === 'string' || answer.status !== 200));

describe('workers that share a port', () => {
  it('are one instance, which a restart of any of them does not touch and which loses no request by it', async () => {
    const { name, catalog, service, port, entry, place } = await serving('cluster', 2);
    expect(entry.Service.Port).toBe(port);
    expect(service.all('registered').map(({ holder }) => holder)).toEqual(['primary', 'primary']);
    const watching = watchService(catalog, name);
    const clients = [
      new Traffic(place, { keepAlive: true }),
      new Traffic(place, { keepAlive: true }),
      new Traffic(place, { keepAlive: false }),
    ];
    await waitFor(() => clients.every(({ answers }) => answers.length >= 3));

    for (const [index, worker] of service.workers.entries()) {
      service.tell({ do: 'signal', worker, signal: 'SIGTERM' });
      expect(await service.told('exit', index + 1), service.output).toMatchObject({ worker, code: 0 });
      service.tell({ do: 'fork' });
      await service.told('registered', index + 3);
    }

    for (const client of clients) await client.stop();
    expect(failed(clients)).toEqual([]);
    expect(await watching.stop()).toEqual(['passing']);
    expect((await catalog.entries(name)).map(({ Service }) => Service.Meta)).toEqual([entry.Service.Meta]);
  });

  it('stay registered where heartbeats are to come from a worker thread: the primary has them, each worker says once that it beats from its own', async () => {
    const { name, catalog, service } = await serving('cluster-thread', 2, {
      options: { ttl: '1s', heartbeat: { thread: 'worker' } },
    });
    const watching = watchService(catalog, name);
    await watching.looks(100);
    expect(await watching.stop()).toEqual(['passing']);
    expect(service.output.match(/cannot be taken into a worker thread/g) ?? []).toHaveLength(2);
  });

  it('are as fit as the fittest of them, and unfit together', async () => {
    const { name, catalog, service } = await serving('cluster-health', 2);
    const [first = 0, second = 0] = service.workers;
    const watching = watchService(catalog, name);
    service.tell({ do: 'unfit', worker: first });
    await watching.looks(50);
    expect(await watching.stop()).toEqual(['passing']);
    service.tell({ do: 'unfit', worker: second });
    await waitFor(async () => (await catalog.passing(name)).length === 0);
    expect(await catalog.entries(name)).toHaveLength(1);
    service.tell({ do: 'fit', worker: first });
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });

  it('leave the registry when the last of them goes, which then still serves, and are listed again with the next', async () => {
    const { name, catalog, service, place } = await serving('cluster-last', 1);
    const client = new Traffic(place, { keepAlive: false });
    await waitFor(() => client.answers.length >= 3);
    const slow = get(`${place}/slow/800`);
    const [worker = 0] = service.workers;
    service.tell({ do: 'signal', worker, signal: 'SIGTERM' });
    await waitFor(async () => (await catalog.entries(name)).length === 0);
    const before = client.answers.length;
    await waitFor(() => client.answers.length >= before + 5);
    await client.stop();
    expect(failed([client])).toEqual([]);
    expect((await slow).status).toBe(200);
    expect(await service.told('exit'), service.output).toMatchObject({ code: 0 });
    expect(await catalog.entries(name)).toEqual([]);

    service.tell({ do: 'fork' });
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });

  it('stay in maintenance from the last of them to the next, until the primary ends it', async () => {
    const { name, catalog, service } = await serving('cluster-maintenance', 1);
    expect(await service.told('event', 1, (event) => event.name === 'registered')).toMatchObject({
      state: 'registered',
    });
    service.tell({ do: 'maintenance', on: true });
    await waitFor(async () => (await catalog.passing(name)).length === 0);
    service.tell({ do: 'signal', worker: service.workers[0]!, signal: 'SIGKILL' });
    await waitFor(async () => (await catalog.entries(name)).length === 0);
    service.tell({ do: 'fork' });
    await service.told('registered', 2);
    // The catalog shows what the agent has accepted a moment later.
    await waitFor(async () => (await catalog.entries(name)).length === 1);
    expect(await catalog.passing(name)).toEqual([]);
    service.tell({ do: 'maintenance', on: false });
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });

  it('are out at once when the last of them is killed', async () => {
    const { name, catalog, service } = await serving('cluster-killed', 1);
    service.tell({ do: 'signal', worker: service.workers[0]!, signal: 'SIGKILL' });
    await waitFor(async () => (await catalog.entries(name)).length === 0);
  });
});

describe.each([
  ['the primary', 1],
  ['the whole group', -1],
])('a SIGTERM to %s', (_whom, sign) => {
  it('takes the instance out, the workers serve on until the traffic ceases, and then all end with 0', async () => {
    const { name, catalog, service, place } = await serving('cluster-sigterm', 2);
    const clients = [new Traffic(place, { keepAlive: true }), new Traffic(place, { keepAlive: false })];
    await waitFor(() => clients.every(({ answers }) => answers.length >= 3));
    const slow = [get(`${place}/slow/1500`), get(`${place}/slow/1500`)];
    const signalled = sign > 0 ? [] : service.workers;
    service.process.signal('SIGTERM');
    for (const worker of signalled)
      process.kill(service.all('listening').find((told) => told.worker === worker)!.pid, 'SIGTERM');
    await waitFor(async () => (await catalog.entries(name)).length === 0);
    const before = clients.map(({ answers }) => answers.length);
    await waitFor(() => clients.every(({ answers }, i) => answers.length >= before[i]! + 12));
    for (const client of clients) await client.stop();
    expect(failed(clients)).toEqual([]);
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200]);
    expect(await service.exit, service.output).toEqual({ code: 0, signal: null });
    expect(service.all('exit').map(({ code, signal }) => [code, signal])).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(await catalog.entries(name)).toEqual([]);
  });
});

describe('workers whose primary is none of ours', () => {
  it('agree on one that holds the entry; when it stops, or is killed, another takes it over without a gap, and the last removes it', async () => {
    const { name, catalog, service, place } = await serving('elected', 3, { foreignPrimary: true });
    const holderOf = () =>
      service.all('registered').find(({ holder, worker }) => holder === 'consul' && service.workers.includes(worker));
    const holder = await waitFor(holderOf);
    expect(
      service
        .all('registered')
        .map((told) => told.holder)
        .sort(),
    ).toEqual(['another worker', 'another worker', 'consul']);
    const nonce = async () => (await catalog.entries(name))[0]?.Service.Meta['rollcall_nonce'];
    const first = await nonce();
    const watching = watchService(catalog, name);
    const client = new Traffic(place, { keepAlive: true });
    await waitFor(() => client.answers.length >= 3);

    service.tell({ do: 'signal', worker: holder.worker, signal: 'SIGTERM' });
    expect(await service.told('exit'), service.output).toMatchObject({ worker: holder.worker, code: 0 });
    const second = await nonce();
    expect(second).not.toBe(first);
    await client.stop();
    expect(failed([client])).toEqual([]);

    // Whichever of the two it is now: one of them is killed, then the other is stopped.
    service.tell({ do: 'signal', worker: service.workers[0]!, signal: 'SIGKILL' });
    await service.told('exit', 2);
    await watching.looks(300);
    expect(await watching.stop()).toEqual(['passing']);
    expect(await catalog.entries(name)).toHaveLength(1);
    service.tell({ do: 'signal', worker: service.workers[0]!, signal: 'SIGTERM' });
    expect(await service.told('exit', 3), service.output).toMatchObject({ code: 0 });
    expect(await catalog.entries(name)).toEqual([]);
  });
});
