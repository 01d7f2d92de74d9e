import { describe, expect, it } from 'vitest';
import { RegistrationLostError, RegistryUnavailableError } from '../../../src/core/errors.js';
import type { HealthReport } from '../../../src/contracts/health-report.js';
import type { Registration, Registry, Renewal } from '../../../src/contracts/registry.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { FakeClock } from '../../support/fake-clock.js';
import { simulatedRegistrar } from '../../support/simulated-life.js';
import { SimulatedRegistry } from '../../support/simulated-registry.js';

/** What a hostile registry does in place of a verb of a sound one. */
interface Hostility {
  readonly renew?: (beat: number) => Renewal;
  readonly changed?: () => Promise<void>;
  readonly read?: Registry['read'];
}

class HostileRegistry extends SimulatedRegistry {
  readonly beats: number[] = [];
  readonly #clock: FakeClock;
  readonly #hostility: Hostility;

  constructor(clock: FakeClock, hostility: Hostility) {
    super(clock, () => 0);
    this.#clock = clock;
    this.#hostility = hostility;
    if (hostility.read !== undefined) this.read = hostility.read;
  }

  override async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const registration = await super.register(instance, report, signal);
    const { renew, changed } = this.#hostility;
    return {
      ...registration,
      renew: async (current, until) => {
        this.beats.push(this.#clock.now());
        const renewal = await registration.renew(current, until);
        return renew?.(this.beats.length) ?? renewal;
      },
      ...(changed && { changed: () => (this.requests.push({ at: this.#clock.now(), verb: 'changed' }), changed()) }),
    };
  }
}

/** A Registrar's life of 20 s, with the most requests in any second of it and the shortest time between two beats. */
async function lifeWith(hostility: Hostility) {
  const clock = new FakeClock();
  const registry = new HostileRegistry(clock, hostility);
  const registrar = simulatedRegistrar(clock, { registry });
  void registrar.start();
  await clock.advance(20_000);
  const times = registry.requests.map(({ at }) => at);
  const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
  const gaps = registry.beats.slice(1).map((at, index) => at - (registry.beats[index] ?? 0));
  const { state } = registrar;
  const { passing } = registry;
  const { length: count } = registry.requests;
  void registrar.leave();
  await clock.advance(20_000);
  return { state, passing, count, most, gaps };
}

const grant = (fields: object) => ({ renew: () => ({ ttlMs: 9_000, ...fields }) as Renewal });

describe('a registry whose answers are numbers without sense', () => {
  it.each([
    ['a TTL that is no number', grant({ ttlMs: NaN })],
    ['an endless TTL', grant({ ttlMs: Infinity })],
    ['no TTL', grant({ ttlMs: 0 })],
    ['a TTL that is over', grant({ ttlMs: -5 })],
    ['a TTL as a text', grant({ ttlMs: '9000' })],
    ['the tiniest TTL', grant({ ttlMs: Number.MIN_VALUE })],
    ['the longest TTL', grant({ ttlMs: 1e308 })],
    ['the next beat now', grant({ nextBeatInMs: 0 })],
    ['the next beat before now', grant({ nextBeatInMs: -1e9 })],
    ['the next beat in no number', grant({ nextBeatInMs: NaN })],
    ['the next beat never', grant({ nextBeatInMs: Infinity })],
    ['the next beat in a fraction', grant({ nextBeatInMs: 0.0001 })],
    ['nothing at all', { renew: () => undefined as never }],
  ])('is beaten as a sound one, or not much more: %s', async (_what, hostility) => {
    const { state, passing, most, gaps } = await lifeWith(hostility);
    expect(state).toBe('registered');
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(50);
    expect(most).toBeLessThanOrEqual(20);
    // Its interval is 3 s.
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3_000 + 1);
    expect(passing).toHaveLength(1);
  });
});

describe('a registry whose answers make a loop', () => {
  const lost = () => {
    throw new RegistrationLostError('gone', { registry: 'hostile' });
  };

  it.each([
    ['it always says that the instance is not registered', { renew: lost }],
    ['it says so at every other beat', { renew: (beat: number) => (beat % 2 === 0 ? lost() : { ttlMs: 9_000 }) }],
    ['it always has news', { changed: () => Promise.resolve() }],
    ['it has news, and the entry is lost', { changed: () => Promise.resolve(), renew: lost }],
    [
      'it reports the loss, then news',
      { renew: (beat: number) => (beat > 1 ? lost() : { ttlMs: 9_000 }), changed: () => Promise.resolve() },
    ],
    ['the entry is never there', { read: () => Promise.resolve(undefined) }],
    [
      'it asks to be asked again at once',
      {
        renew: () => {
          throw new RegistryUnavailableError('busy', { retryAfterMs: NaN });
        },
      },
    ],
  ] satisfies [string, Hostility][])('gets at most 20 requests a second: %s', async (_what, hostility) => {
    const { most, count } = await lifeWith(hostility);
    expect(most).toBeLessThanOrEqual(20);
    expect(count).toBeGreaterThan(8);
  });
});
