// Who an entry belongs to, on a real agent: siblings that were given one id, and an old incarnation that is late.
import { afterEach, describe, expect, inject, it } from 'vitest';
import type { Registrar, RegistrarOptions } from 'rollcall';
import type { EventRecord } from '../support/record-events.js';
import { waitFor } from '../support/wait-for.js';
import {
  catalogOf,
  cleanUp,
  freshName,
  listeningServer,
  portOf,
  proxyBefore,
  registeredOn,
  registrarOn,
} from './fixtures/live.js';
import { watchService } from './fixtures/watching.js';

const url = inject('consulUrl');
const pace = { ttl: '2s', heartbeat: { interval: '500ms' }, address: '127.0.0.1' } as const;

afterEach(cleanUp);

interface Sibling {
  readonly registrar: Registrar;
  readonly events: EventRecord;
  readonly port: number;
  readonly started: Promise<unknown>;
}

/** Another instance under the id, on a port of its own, started. */
async function sibling(options: RegistrarOptions): Promise<Sibling> {
  const server = await listeningServer();
  const { registrar, events } = registrarOn(url, { ...pace, ...options });
  return { registrar, events, port: portOf(server), started: registrar.bind(server).start() };
}

async function beats(events: EventRecord, count: number): Promise<void> {
  const before = events.of('beat').length;
  await waitFor(() => events.of('beat').length >= before + count);
}

/** What would show that something else had touched the entry. */
function disturbances(events: EventRecord): string[] {
  return events.all
    .map(({ name }) => name)
    .filter((name) => ['lost', 'recovered', 'conflict', 'drift', 'beatMissed', 'failed'].includes(name));
}

describe('two live instances under one id', () => {
  it('never take turns: the second waits, says so once, and registers when the first has left', async () => {
    const name = freshName('one-id');
    const catalog = catalogOf(url);
    const first = await registeredOn(url, { ...pace, name, id: name });
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    const watching = watchService(catalog, name);

    const second = await sibling({ name, id: name });
    const { error } = await second.events.next('conflict');
    expect(error).toMatchObject({
      code: 'ROLLCALL_ID_CONFLICT',
      message: expect.stringContaining(`127.0.0.1:${portOf(first.server)}`) as string,
    });
    // Longer than another TTL.
    await beats(first.events, 6);

    expect(second.registrar.state).toBe('waiting');
    expect(second.events.of('conflict')).toHaveLength(1);
    expect(second.events.of('registered')).toEqual([]);
    expect(disturbances(first.events)).toEqual([]);
    expect((await catalog.entries(name)).map(({ Service }) => Service.Port)).toEqual([portOf(first.server)]);
    expect(await watching.stop()).toEqual(['passing']);

    await first.registrar.stop();
    await second.events.next('registered');
    await second.started;
    await beats(second.events, 2);
    expect((await catalog.passing(name)).map(({ Service }) => [Service.ID, Service.Port])).toEqual([
      [name, second.port],
    ]);
    expect(second.events.of('conflict')).toHaveLength(1);
    expect(second.events.of('lost')).toEqual([]);
  });

  it("both pass under 'rename', the second under an id of its own", async () => {
    const name = freshName('rename');
    const catalog = catalogOf(url);
    const first = await registeredOn(url, { ...pace, name, id: name });
    const second = await sibling({ name, id: name, onIdConflict: 'rename' });
    const { instance } = await second.events.next('registered');
    expect(instance.id).toMatch(new RegExp(`^${name}-[0-9a-f]{8}$`));
    await beats(first.events, 3);
    const seen = await waitFor(async () => {
      const passing = await catalog.passing(name);
      return passing.length === 2 && passing;
    });
    expect(Object.fromEntries(seen.map(({ Service }) => [Service.ID, Service.Port]))).toEqual({
      [name]: portOf(first.server),
      [instance.id]: second.port,
    });
    expect(disturbances(first.events)).toEqual([]);

    await second.registrar.stop();
    await beats(first.events, 1);
    expect((await catalog.passing(name)).map(({ Service }) => Service.ID)).toEqual([name]);
  });

  it("end the start of the second under 'fail', and the first is left alone, also by its stop", async () => {
    const name = freshName('fail');
    const catalog = catalogOf(url);
    const first = await registeredOn(url, { ...pace, name, id: name });
    const second = await sibling({ name, id: name, onIdConflict: 'fail' });
    await expect(second.started).rejects.toMatchObject({ code: 'ROLLCALL_ID_CONFLICT' });
    expect(second.registrar.state).toBe('failed');
    expect(second.events.of('failed')).toHaveLength(1);
    await second.registrar.stop();
    await beats(first.events, 3);
    expect(disturbances(first.events)).toEqual([]);
    expect((await catalog.passing(name)).map(({ Service }) => Service.Port)).toEqual([portOf(first.server)]);
  });
});

describe('an old incarnation', () => {
  it('whose deregistration arrives after its successor has registered never removes the successor', async () => {
    const name = freshName('late-goodbye');
    const catalog = catalogOf(url);
    const proxy = await proxyBefore(url);
    const old = await registeredOn(proxy.url, { ...pace, name, id: name });
    // Nothing that it asks from now on arrives before the proxy passes again.
    await proxy.stall('request');
    const stopped = old.registrar.stop();
    await old.events.next('draining');

    // In the very slot of the old one, which it replaces at once.
    const successor = await registeredOn(url, { ...pace, name, id: name, port: portOf(old.server) });
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    const watching = watchService(catalog, name);
    await proxy.pass();
    await stopped;
    await beats(successor.events, 4);

    expect(await watching.stop()).toEqual(['passing']);
    expect(disturbances(successor.events)).toEqual([]);
    expect(await catalog.entries(name)).toHaveLength(1);
  });
});
