import { afterEach, describe, expect, inject, it } from 'vitest';
import { Registrar, consul } from 'rollcall';
import { waitFor } from '../support/wait-for.js';
import {
  catalogOf,
  cleanUp,
  freshName,
  later,
  listeningServer,
  portOf,
  quickStop,
  registeredOn,
} from './fixtures/live.js';

const url = inject('consulUrl');

afterEach(cleanUp);

describe('shutdown.policy on Consul', () => {
  it.each([
    ['maintenance', { _service_maintenance: 'critical' }],
    ['critical', { ttl: 'critical' }],
  ] as const)(
    '%s keeps the entry where no reader of passing instances sees it, and the next start is seen again',
    async (policy, left) => {
      const name = freshName(policy);
      const catalog = catalogOf(url);
      const id = `${name}-1`;
      const shutdown = { ...quickStop, policy };
      const { registrar, events } = await registeredOn(url, { name, id, shutdown });
      await waitFor(async () => (await catalog.passing(name)).length === 1);
      const stopping = registrar.stop();
      expect(await events.next('deregistered')).toMatchObject({ policy, confirmed: true });
      expect([(await catalog.passing(name)).length, (await catalog.entries(name)).length]).toEqual([0, 1]);
      await stopping;
      const checks = await catalog.checks(id);
      for (const [kind, status] of Object.entries(left))
        expect(checks[kind === 'ttl' ? `${id}:ttl` : `${kind}:${id}`]).toBe(status);

      await registeredOn(url, { name, id, shutdown: quickStop });
      await waitFor(async () => (await catalog.passing(name)).length === 1);
      expect(await catalog.checks(id)).toEqual({ [`${id}:ttl`]: 'passing' });
    },
  );

  it('leave keeps the entry passing until its TTL has run out, and serves as long', async () => {
    const name = freshName('leave');
    const catalog = catalogOf(url);
    const shutdown = { signals: false, policy: 'leave', drain: { min: 0, quiet: 0, max: '20s' } } as const;
    const { registrar, events, server } = await registeredOn(url, { name, id: name, ttl: '1s', shutdown });
    const place = `http://127.0.0.1:${portOf(server)}/`;
    const stopping = registrar.stop();
    expect(await events.next('deregistered')).toMatchObject({ policy: 'leave', confirmed: false });
    await waitFor(async () => (await catalog.passing(name)).length === 0);
    expect((await fetch(place)).status).toBe(200);
    await stopping;
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
    expect(await catalog.checks(name)).toEqual({ [`${name}:ttl`]: 'critical' });
    later(() => catalog.deregister(name));
  });
});

describe('registrar.maintenance() on Consul', () => {
  it('shows in Consul with its reason, and passes again as soon as it is lifted', async () => {
    const name = freshName('own-maintenance');
    const catalog = catalogOf(url);
    const { registrar, events, id } = await registeredOn(url, { name });
    await registrar.maintenance(true, 'new disks & more');
    expect(await catalog.checks(id)).toMatchObject({ [`_service_maintenance:${id}`]: 'critical' });
    await waitFor(async () => (await catalog.passing(name)).length === 0);
    await registrar.maintenance(false);
    expect(await catalog.checks(id)).toEqual({ [`${id}:ttl`]: 'passing' });
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    expect(events.of('maintenance')).toEqual([
      { on: true, reason: 'rollcall: new disks & more' },
      { on: false, reason: 'ok' },
    ]);
  });

  it('is kept when the entry has to be registered again', async () => {
    const name = freshName('kept-maintenance');
    const catalog = catalogOf(url);
    const { registrar, events, id } = await registeredOn(url, { name, ttl: '1s' });
    await registrar.maintenance(true, 'new disks');
    await catalog.deregister(id);
    await events.next('recovered');
    expect(await catalog.checks(id)).toMatchObject({
      [`_service_maintenance:${id}`]: 'critical',
      [`${id}:ttl`]: 'critical',
    });
  });

  it('an operator’s outlives a stop and a start, ours does not', async () => {
    const name = freshName('both');
    const catalog = catalogOf(url);
    const [ours, theirs] = [`${name}-ours`, `${name}-theirs`];
    const server = await listeningServer();
    const start = async (id: string) => {
      const registrar = new Registrar({
        name,
        id,
        port: portOf(server),
        address: '127.0.0.1',
        registry: consul({ endpoints: [url] }),
        logger: false,
        shutdown: { ...quickStop, policy: 'critical' },
      });
      later(() => registrar.stop());
      await registrar.start();
      return registrar;
    };
    const first = await Promise.all([start(ours), start(theirs)]);
    await first[0].maintenance(true, 'ours');
    await catalog.maintenance(theirs, true, 'theirs');
    await Promise.all(first.map((registrar) => registrar.stop()));
    later(() => Promise.all([ours, theirs].map((id) => catalog.deregister(id))));
    await Promise.all([start(ours), start(theirs)]);
    expect(Object.keys(await catalog.checks(ours))).toEqual([`${ours}:ttl`]);
    expect(Object.keys(await catalog.checks(theirs)).sort()).toEqual([
      `_service_maintenance:${theirs}`,
      `${theirs}:ttl`,
    ]);
  });
});
