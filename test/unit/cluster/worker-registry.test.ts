import { memory } from 'rollcall';
import { describe, expect, it } from 'vitest';
import { seal } from '../../../src/cluster/messages.js';
import type { Answer, FromWorker, ToWorker } from '../../../src/cluster/messages.js';
import type { Channel } from '../../../src/cluster/primary-link.js';
import { WorkerRegistry } from '../../../src/cluster/worker-registry.js';
import { keyOf } from '../../../src/instance/service-instance.js';
import type { ServiceInstance } from '../../../src/instance/service-instance.js';
import { FakeClock } from '../../support/fake-clock.js';

const instance: ServiceInstance = { name: 'orders', id: 'orders-1', port: 80, tags: [], meta: {}, nonce: 'a', ttlMs: 3_000, checks: [] };
const ok = { status: 'passing', reason: 'ok' } as const;

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
  const alone = { handedOver: false, read: own.read.bind(own), register: own.register.bind(own), remove: own.remove.bind(own) };
  const registry = new WorkerRegistry({ registry: own, alone, channel, clock, service: 'orders', onStop: () => (stops += 1) });
  const tell = (message: ToWorker, service = 'orders') => hearers.forEach((hear) => hear(seal(service, message)));
  const answer = (content: Answer) => {
    const last = said.at(-1);
    if (last?.kind === 'request') tell({ kind: 'answer', number: last.number, answer: content });
  };
  return { registry, own, clock, said, tell, answer, hearers, stops: () => stops, cut: () => (isOpen = false) };
}

const { signal } = new AbortController();

describe('the registry of a worker', () => {
  it('is the primary, where that says that it is here', async () => {
    const { registry, own, said, tell, answer, clock } = worker();
    const registering = registry.register(instance, ok, signal);
    expect(said).toMatchObject([{ kind: 'hello' }]);
    tell({ kind: 'here' }, 'another service');
    tell({ kind: 'here' });
    await clock.advance(0);
    expect(said.at(-1)).toMatchObject({ kind: 'request', request: { verb: 'register', instance } });
    answer({ outcome: 'done' });
    const registration = await registering;
    expect([registry.name, registration.holder()]).toEqual(['primary', 'primary']);
    const renewing = registration.renew(ok, signal);
    answer({ outcome: 'lost' });
    await expect(renewing).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
    expect(await own.read(keyOf(instance), signal)).toBeUndefined();
  });

  it('is the one it was given, where the primary says nothing; until it does', async () => {
    const { registry, own, clock, tell, answer, said } = worker();
    const registering = registry.register(instance, ok, signal);
    await clock.advance(2_000);
    expect((await registering).holder()).toBe('memory');
    expect(await own.read(keyOf(instance), signal)).toBeDefined();
    tell({ kind: 'here' });
    const reading = registry.read(keyOf(instance), signal);
    await clock.advance(0);
    expect(said.at(-1)).toMatchObject({ request: { verb: 'read' } });
    answer({ outcome: 'done' });
    expect(await reading).toBeUndefined();
  });

  it('knows after leaving whether others serve on, and takes a primary that has gone for an empty one', async () => {
    const { registry, tell, answer, clock, cut } = worker();
    tell({ kind: 'here' });
    const removing = registry.remove(keyOf(instance), signal);
    await clock.advance(0);
    answer({ outcome: 'done', handedOver: true });
    await removing;
    expect(registry.handedOver).toBe(true);
    cut();
    await registry.remove(keyOf(instance), signal);
    expect(await registry.read(keyOf(instance), signal)).toBeUndefined();
    await expect(registry.register(instance, ok, signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE' });
  });

  it('says why the primary refuses a worker, gives up waiting with the signal, and hears a stop', async () => {
    const { registry, tell, answer, clock, stops, hearers } = worker();
    tell({ kind: 'here' });
    const registering = registry.register(instance, ok, signal);
    await clock.advance(0);
    answer({ outcome: 'refused', problem: 'it serves port 81' });
    await expect(registering).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_REJECTED', message: expect.stringContaining('port 81') as string });
    const abort = new AbortController();
    const reading = registry.read(keyOf(instance), abort.signal);
    await clock.advance(0);
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    tell({ kind: 'stop' });
    expect(stops()).toBe(1);
    await registry.close();
    expect(hearers.size).toBe(0);
  });
});
