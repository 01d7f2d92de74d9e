import type { Clock } from '../../src/core/clock.js';
import { sleepOn } from '../../src/core/clock.js';
import type { RegistrarOptions } from '../../src/config/options.js';
import { builtInRegistries } from '../../src/backends/built-in-registries.js';
import { Semaphore } from '../../src/core/semaphore.js';
import { BatchWatcher } from '../../src/heartbeat/batch-watcher.js';
import { BeatSlots } from '../../src/heartbeat/beat-slots.js';
import type { FromThread, ToThread } from '../../src/heartbeat/worker/messages.js';
import { serveBeats } from '../../src/heartbeat/worker/serve-beats.js';
import { SharedThread } from '../../src/heartbeat/worker/shared-thread.js';
import type { StartThread } from '../../src/heartbeat/worker/start-thread.js';
import { Signals } from '../../src/shutdown/signals.js';
import { Registrar } from '../../src/registrar.js';
import { FakeClock } from './fake-clock.js';
import { fakeSystem } from './fake-system.js';
import { simulated } from './simulated-in-worker.js';
import type { Gate } from './simulated-in-worker.js';
import { recordEvents } from './record-events.js';
import { FakeProcess } from './simulated-life.js';
import { SimulatedRegistry } from './simulated-registry.js';
import { inContext } from '../../src/compose.js';

/** What one thread sees of the clock: while it is stalled, its timers and what it is sent wait. */
class ThreadTime implements Clock {
  readonly #clock: FakeClock;
  #active: (() => void)[] | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  wallTime(): number {
    return this.#clock.wallTime();
  }

  after(ms: number, run: () => void): () => void {
    let called = false;
    const cancel = this.#clock.after(ms, () => this.do(() => called || run()));
    return () => {
      called = true;
      cancel();
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  hold(): () => void {
    return this.#clock.hold();
  }

  do(run: () => void): void {
    if (this.#active === undefined) run();
    else this.#active.push(run);
  }

  stall(): void {
    this.#active ??= [];
  }

  goOn(): void {
    const active = this.#active ?? [];
    this.#active = undefined;
    for (const run of active) run();
  }
}

interface Thread {
  /** What it was sent. */
  readonly posted: ToThread[];
  readonly time: ThreadTime;
  ended: boolean;
  die(error: Error): void;
}

/** A process with a worker thread that is none: both sides run here, each on its own view of one fake clock, and what they send each other is cloned. */
export function threadedProcess() {
  const clock = new FakeClock();
  const main = new ThreadTime(clock);
  const threads: Thread[] = [];
  let refusal: Error | undefined;
  const start: StartThread = async (signsOfLife, listener) => {
    if (refusal !== undefined) throw refusal;
    const time = new ThreadTime(clock);
    const end = () => {
      thread.ended = true;
      time.stall();
    };
    const die = (error: Error) => {
      end();
      listener.died(error);
    };
    const thread: Thread = { posted: [], time, ended: false, die };
    threads.push(thread);
    const send = (messages: readonly FromThread[]) => {
      const clone = structuredClone(messages);
      queueMicrotask(() => thread.ended || main.do(() => listener.heard(clone)));
    };
    let hear: (message: ToThread) => void = () => undefined;
    queueMicrotask(() => {
      hear = serveBeats({
        clock: time,
        random: () => 0.5,
        polls: new Semaphore(4),
        batchWatcher: new BatchWatcher(),
        factories: builtInRegistries,
        signsOfLife,
        send,
      });
    });
    return {
      post: (message) => {
        const clone = structuredClone(message);
        thread.posted.push(message);
        queueMicrotask(() => time.do(() => hear(clone)));
      },
      end: async () => end(),
    };
  };
  const sharedThread = new SharedThread(start, main);
  const random = () => 0.5;
  const context = {
    clock: main,
    random,
    signals: new Signals(new FakeProcess()),
    slots: new BeatSlots(random),
    polls: new Semaphore(4),
    batchWatcher: new BatchWatcher(),
    system: fakeSystem(),
    sharedThread: async () => sharedThread,
  };
  /** Of the thread that was started last. */
  const gate = (): Gate => {
    const { time } = threads.at(-1)!;
    return (run) => time.do(run);
  };
  const inWorker = (more?: object) => simulated.giveWorkerSpec(new SimulatedRegistry(clock), gate, more);

  return {
    clock,
    main,
    threads,
    inWorker,
    /** From now on no thread starts. */
    refuse(error: Error) {
      refusal = error;
    },
    /** A Registrar with worker beats. */
    life(options: Partial<RegistrarOptions> = {}, registry: SimulatedRegistry = inWorker(), port = 3000) {
      const heartbeat = { thread: 'worker' as const, ...options.heartbeat };
      const registrar = inContext(
        context,
        () =>
          new Registrar({
            name: 'orders',
            address: '10.0.0.1',
            port,
            ttl: '9s',
            registry,
            logger: false,
            ...options,
            heartbeat,
          }),
      );
      return { registrar, registry, events: recordEvents(registrar) };
    },
  };
}
