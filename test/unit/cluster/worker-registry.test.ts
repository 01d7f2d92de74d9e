import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from 'rollcall';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seal } from '../../../src/cluster/messages.js';
import type { Answer, FromWorker, ToWorker } from '../../../src/cluster/messages.js';
import type { Channel } from '../../../src/cluster/channel.js';
import { WorkerRegistry } from '../../../src/cluster/worker-registry.js';
import { keyOf } from '../../../src/contracts/service-instance.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { FakeClock } from '../../support/fake-clock.js';

const instance: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  port: 80,
  tags: [],
  meta: {},
  nonce: 'a',
  ttlMs: 3_000,
  checks: [],
};
const ok = { status: 'passing', reason: 'ok' } as const;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workers-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A worker whose primary is played by the test. */
function worker() {
  const said: FromWorker[] = [];
  const hearers = new Set<(message: unknown) => void>();
  let isOpen = true;
  const channel: Channel = {
    isOpen: () => isOpen,
    send: (message) => said.push(message as unknown as FromWorker),
    listen: (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
  };
  const clock = new FakeClock();
  const own = memory();
  let stops = 0;
  const way = new WorkerRegistry({
    registry: own,
    channel,
    clock,
    service: 'orders',
    ttlMs: 3_000,
    isRunning: () => true,
    folder,
    onStop: () => (stops += 1),
  });
  const tell = (message: ToWorker, service = 'orders') => hearers.forEach((hear) => hear(seal(service, message)));
  const answer = (content: Answer) => {
    const last = said.at(-1);
    if (last?.kind === 'request') tell({ kind: 'answer', number: last.number, answer: content });
  };
  return { way, own, clock, said, tell, answer, hearers, stops: () => stops, cut: () => (isOpen = false) };
}

const { signal } = new AbortController();

describe('the way of a worker to be registered', () => {
  it('is by the primary, where that says that it is here', async () => {
    const { way, own, said, tell, answer, clock } = worker();
    const registering = way.register(instance, ok, signal);
    expect(said).toMatchObject([{ kind: 'hello' }]);
    tell({ kind: 'here' }, 'another service');
    tell({ kind: 'here' });
    await clock.advance(0);
    expect(said.at(-1)).toMatchObject({ kind: 'request', request: { verb: 'register', instance } });
    answer({ outcome: 'done' });
    const registration = await registering;
    expect([way.isPrimaryHere, registration.holder()]).toEqual([true, 'primary']);
    const renewing = registration.renew(ok, signal);
    answer({ outcome: 'lost' });
    await expect(renewing).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
    expect(await own.read(keyOf(instance), signal)).toBeUndefined();
  });

  it('is by agreement, where the primary says nothing; until it does', async () => {
    const { way, own, clock, tell, answer, said } = worker();
    const registering = way.register(instance, ok, signal);
    await clock.advance(2_000);
    expect((await registering).holder()).toBe('memory');
    expect(await own.read(keyOf(instance), signal)).toBeDefined();
    tell({ kind: 'here' });
    const reading = way.read(keyOf(instance), signal);
    await clock.advance(0);
    expect(said.at(-1)).toMatchObject({ request: { verb: 'read' } });
    answer({ outcome: 'done' });
    expect(await reading).toBeUndefined();
  });

  it('knows after leaving whether others serve on, and takes a primary that has gone for an empty one', async () => {
    const { way, tell, answer, clock, cut } = worker();
    tell({ kind: 'here' });
    const removing = way.remove(keyOf(instance), signal);
    await clock.advance(0);
    answer({ outcome: 'done', handedOver: true });
    await removing;
    expect(way.handedOver).toBe(true);
    cut();
    await way.remove(keyOf(instance), signal);
    expect(await way.read(keyOf(instance), signal)).toBeUndefined();
    await expect(way.register(instance, ok, signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE' });
  });

  it('says why the primary refuses a worker, gives up waiting with the signal, and hears a stop', async () => {
    const { way, tell, answer, clock, stops, hearers } = worker();
    tell({ kind: 'here' });
    const registering = way.register(instance, ok, signal);
    await clock.advance(0);
    answer({ outcome: 'refused', problem: 'it serves port 81' });
    await expect(registering).rejects.toMatchObject({
      code: 'ROLLCALL_CONFIG',
      message: expect.stringContaining('port 81') as string,
    });
    const abort = new AbortController();
    const reading = way.read(keyOf(instance), abort.signal);
    await clock.advance(0);
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    tell({ kind: 'stop' });
    expect(stops()).toBe(1);
    way.close();
    expect(hearers.size).toBe(0);
  });
});
