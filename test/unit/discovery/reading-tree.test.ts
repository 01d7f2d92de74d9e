import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asError, RegistryUnavailableError } from '../../../src/core/errors.js';
import type { Cursor, Listing, Registry } from '../../../src/index.js';
import { createResolverOn } from '../../../src/discovery/resolver.js';
import type { Resolver } from '../../../src/discovery/resolver.js';
import { memory } from '../../../src/index.js';
import { fallbackOn } from '../../../src/registries/fallback.js';
import { nearestOn } from '../../../src/registries/nearest.js';
import { FakeClock } from '../../support/fake-clock.js';
import { listed } from './scripted-discovery.js';

let clock: FakeClock;
let opened: Resolver | undefined;

/** A registry with long polls, which answers as it is told. */
class Told {
  readonly registry: Registry;
  /** Long polls that were begun, and lists. */
  held = 0;
  lists = 0;
  roundTripMs = 0;
  #ids: string[] | Error = [];
  #revision = 1;
  #waiting = new Set<() => void>();

  constructor(name: string) {
    const { read, register, remove } = memory();
    this.registry = {
      name,
      traits: { isLocal: true, suppliesAddress: false },
      discovery: { poll: (_service, cursor, signal) => this.#poll(cursor, signal) },
      read,
      register,
      remove,
      close: () => Promise.resolve(),
    };
  }

  async tell(...ids: string[] | [Error]): Promise<void> {
    this.#ids = ids[0] instanceof Error ? ids[0] : (ids as string[]);
    this.#revision += 1;
    for (const wake of this.#waiting) wake();
    await clock.advance(0);
  }

  async #poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<Listing> {
    if (cursor === undefined) {
      this.lists += 1;
      await clock.sleep(this.roundTripMs, signal);
    } else {
      this.held += 1;
      while (cursor === String(this.#revision))
        await new Promise<void>((resolve, reject) => {
          const end = () => {
            this.#waiting.delete(wake);
            signal.removeEventListener('abort', abort);
          };
          const wake = () => {
            end();
            resolve();
          };
          const abort = () => {
            end();
            reject(asError(signal.reason));
          };
          this.#waiting.add(wake);
          signal.addEventListener('abort', abort);
        });
    }
    if (this.#ids instanceof Error) throw this.#ids;
    return { instances: listed(...this.#ids), cursor: String(this.#revision) };
  }
}

beforeEach(() => {
  clock = new FakeClock();
});
afterEach(async () => {
  await opened?.close();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

/** The service through a registry, once all that can has answered. */
async function watch(registry: Registry): Promise<{ ids: () => string; source: () => string; events: string[] }> {
  opened = createResolverOn(clock, () => 1, { registry, logger: false });
  const service = opened.service('orders');
  const events: string[] = [];
  service.events.on('doubted', () => events.push('doubted'));
  service.events.on('stale', ({ registry: name }) => events.push(`stale ${name}`));
  await clock.advance(100);
  const ids = () =>
    service
      .snapshot()
      .instances.map(({ id }) => id)
      .sort()
      .join();
  return { ids, source: () => service.snapshot().source, events };
}

const down = new RegistryUnavailableError('down');

describe('a chain in a chain', () => {
  it('has a long poll at each registry, and an outage costs the news of one only', async () => {
    const [a, b, c] = [new Told('a'), new Told('b'), new Told('c')];
    for (const [told, id] of [
      [a, '1'],
      [b, '2'],
      [c, '3'],
    ] as const)
      await told.tell(id);
    const { ids, source, events } = await watch(
      fallbackOn(clock, [a.registry, fallbackOn(clock, [b.registry, c.registry])]),
    );
    expect(ids()).toBe('1,2,3');
    expect([a, b, c].map(({ held }) => held)).toEqual([1, 1, 1]);
    await c.tell('3', '4');
    expect(ids()).toBe('1,2,3,4');
    await b.tell(down);
    await c.tell('4');
    // At most one poll a second after the first two.
    await clock.advance(1_000);
    expect([ids(), source()]).toEqual(['1,2,4', 'live']);
    expect(events).toEqual(['stale b']);
    // Nothing asked the others again and again.
    expect([a.lists, c.lists]).toEqual([1, 1]);
  });
});

describe('the nearest of several', () => {
  it('has the instances of one registry, and those of another as soon as the first is away', async () => {
    const [a, b, c] = [new Told('a'), new Told('b'), new Told('c')];
    await a.tell('1', '2', '3');
    await b.tell('4', '5', '6');
    await c.tell('9');
    const { ids, events, source } = await watch(
      fallbackOn(clock, [nearestOn(clock, [a.registry, b.registry]), c.registry]),
    );
    expect(ids()).toBe('1,2,3,9');
    await b.tell('4');
    expect(ids()).toBe('1,2,3,9');
    await a.tell(down);
    // Of another datacenter, so nothing is doubted.
    expect([ids(), source()]).toEqual(['4,9', 'live']);
    await clock.advance(2_000);
    await a.tell('1');
    await clock.advance(1_000);
    expect(ids()).toBe('1,9');
    expect(events).toEqual(['stale a']);
  });

  it('moves to a registry that is clearly nearer, and has a long poll at both', async () => {
    const [a, b] = [new Told('a'), new Told('b')];
    a.roundTripMs = 60;
    b.roundTripMs = 10;
    await a.tell('1');
    await b.tell('2');
    const { ids } = await watch(nearestOn(clock, [a.registry, b.registry]));
    await clock.advance(3_000);
    expect(ids()).toBe('2');
    expect([a.held, b.held]).toEqual([1, 1]);
    [a.roundTripMs, b.roundTripMs] = [10, 200];
    await clock.advance(60_000);
    expect(ids()).toBe('1');
  });

  it('keeps the latest answer while all are away', async () => {
    const [a, b] = [new Told('a'), new Told('b')];
    await a.tell('1');
    await b.tell('2');
    const { ids, source } = await watch(nearestOn(clock, [a.registry, b.registry]));
    await a.tell(down);
    expect(ids()).toBe('2');
    await clock.advance(1_000);
    await b.tell('2', '3');
    await b.tell(down);
    expect([ids(), source()]).toEqual(['2,3', 'memory']);
  });

  it('may be of chains, whose members are read each', async () => {
    const [a, b, c] = [new Told('a'), new Told('b'), new Told('c')];
    await a.tell('1');
    await b.tell('2');
    await c.tell('3');
    const { ids } = await watch(nearestOn(clock, [fallbackOn(clock, [a.registry, b.registry]), c.registry]));
    expect(ids()).toBe('1,2');
    await b.tell('2', '4');
    expect(ids()).toBe('1,2,4');
    expect([a.held, c.held]).toEqual([1, 1]);
  });
});
