import { Registrar } from '../../src/registrar.js';
import type { RegistrarOptions } from '../../src/config/options.js';
import { Semaphore } from '../../src/core/semaphore.js';
import { BeatSlots } from '../../src/heartbeat/beat-slots.js';
import { Signals } from '../../src/shutdown/signals.js';
import type { EventName, RegistrarEvents } from '../../src/contracts/events.js';
import type { LocalSystem } from '../../src/instance/local-system.js';
import { fakeSystem } from './fake-system.js';
import { FakeClock } from './fake-clock.js';
import { retry } from '../../src/core/retry.js';
import { eventNames } from './record-events.js';
import { SimulatedRegistry } from './simulated-registry.js';
import { inContext } from '../../src/compose.js';
import type { RegistrarContext } from '../../src/compose.js';

// What the core loads at its first use it loads in real time, that the fake clock would not wait for.
await import('../../src/config/live-config.js');
await retry(() => Promise.resolve(), {
  clock: new FakeClock(),
  signal: new AbortController().signal,
  random: Math.random,
  backoff: () => ({ firstMs: 0, capMs: 0 }),
  mayRetry: () => false,
  onFailed: () => undefined,
});

type Listener = (event: string) => void;

/** A process that signals can be sent to, and that ends only on paper. */
export class FakeProcess {
  readonly stdin = { isTTY: false };
  readonly exits: number[] = [];
  readonly #listeners = new Map<string, Listener[]>();

  on(event: string, listener: (event: string) => void): void {
    this.#add(event, (listeners) => [...listeners, listener]);
  }

  /** As Node: it is removed before it runs. */
  once(event: string, listener: () => void): void {
    const wrapper = () => {
      this.removeListener(event, wrapper);
      listener();
    };
    this.on(event, wrapper);
  }

  prependListener(event: string, listener: () => void): void {
    this.#add(event, (listeners) => [listener, ...listeners]);
  }

  removeListener(event: string, listener: (event: string) => void): void {
    this.#listeners.set(
      event,
      (this.#listeners.get(event) ?? []).filter((other) => other !== listener),
    );
  }

  listeners(event: string): readonly Listener[] {
    return this.#listeners.get(event) ?? [];
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  send(event: string): void {
    this.emit(event);
  }

  emit(event: string, given = event): boolean {
    const listeners = this.listeners(event);
    for (const listener of listeners) listener(given);
    return listeners.length > 0;
  }

  #add(event: string, added: (listeners: readonly Listener[]) => Listener[]): void {
    this.emit('newListener', event);
    this.#listeners.set(event, added(this.listeners(event)));
  }
}

/** A Registrar on this clock, a fake process and nothing of the real one's; `context` replaces parts of that. */
export function simulatedRegistrar(
  clock: FakeClock,
  options: Partial<RegistrarOptions>,
  context: Partial<RegistrarContext> = {},
): Registrar {
  const random = context.random ?? (() => 0.5);
  const simulated = {
    clock,
    random,
    signals: new Signals(new FakeProcess()),
    slots: new BeatSlots(random),
    polls: new Semaphore(4),
    ...context,
  };
  return inContext(
    simulated,
    () => new Registrar({ name: 'orders', address: '10.0.0.1', port: 3000, ttl: '9s', logger: false, ...options }),
  );
}

export interface SimulatedLife {
  readonly clock: FakeClock;
  readonly registry: SimulatedRegistry;
  readonly process: FakeProcess;
  readonly registrar: Registrar;
  readonly events: { name: EventName; payload: unknown; at: number }[];
  /** Payloads of one event, in order. */
  told<N extends EventName>(name: N): RegistrarEvents[N][];
}

/** A Registrar without a server, on a fake clock, a fake process and a simulated registry. */
export function simulatedLife(
  options: Partial<RegistrarOptions> = {},
  random: () => number = () => 0.5,
  latency?: () => number,
  system: LocalSystem = fakeSystem(),
): SimulatedLife {
  const clock = new FakeClock();
  const registry = new SimulatedRegistry(clock, latency);
  const process = new FakeProcess();
  const context = { random, signals: new Signals(process), system };
  const registrar = simulatedRegistrar(clock, { registry, ...options }, context);
  const events: SimulatedLife['events'] = [];
  for (const name of eventNames) {
    registrar.on(name, (payload) => {
      events.push({ name, payload, at: clock.now() });
    });
  }
  return {
    clock,
    registry,
    process,
    registrar,
    events,
    told: <N extends EventName>(name: N) =>
      events.filter((event) => event.name === name).map(({ payload }) => payload as RegistrarEvents[N]),
  };
}
