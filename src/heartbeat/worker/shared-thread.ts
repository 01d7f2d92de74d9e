import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import { processWide } from '../../core/process-wide.js';
import { withDeadline } from '../../core/deadline.js';
import { SIGN_EVERY_MS, StallDetector } from '../stall-detector.js';
import type { WorkerEvent, FromThread, WorkerCommand } from './messages.js';
import { signs } from './serve-beats.js';
import { readTime, sharedTimes, writeTime } from './shared-times.js';
import { startThread } from './start-thread.js';
import type { StartThread, ThreadHandle } from './start-thread.js';

/** From the start of the thread to its first message. */
const START_WITHIN_MS = 5_000;
/** The worker never blocks for long, so one that is silent for this long is broken. */
const LONGEST_SILENCE_MS = 2_000;

/** The main thread's side of one instance in the worker. */
export interface WorkerClient {
  heard(event: WorkerEvent): void;
  /** The worker has ended. */
  died(error: Error): void;
}

/** The connection to one instance in the worker. */
export interface WorkerSession {
  post(instruction: WorkerCommand): void;
  /** Ends the session; the last one to leave ends the thread. */
  leave(): void;
}

/** The worker thread that all Registrars of a process share. It runs while at least one of them uses it. */
export class SharedThread {
  readonly #start: StartThread;
  readonly #clock: Clock;
  #running: RunningThread | undefined;

  constructor(start: StartThread, clock: Clock) {
    this.#start = start;
    this.#clock = clock;
  }

  /** Starts the thread when it does not run. Rejects when it cannot start. */
  async join(client: WorkerClient): Promise<WorkerSession> {
    if (this.#running === undefined || this.#running.isOver)
      this.#running = new RunningThread(this.#start, this.#clock);
    return this.#running.join(client);
  }

  /** Ends a thread that no longer responds, for all clients. */
  giveUp(why: string): void {
    this.#running?.fail(new Error(why));
  }
}

/** The shared thread of this process. */
export const processThread = (): SharedThread =>
  processWide('worker thread', () => new SharedThread(startThread, systemClock));

class RunningThread {
  readonly #clock: Clock;
  readonly #signsOfLife = sharedTimes(Object.keys(signs).length);
  readonly #silence: StallDetector;
  readonly #clients = new Map<number, WorkerClient>();
  readonly #handle: Promise<ThreadHandle>;
  readonly #ready: Promise<ThreadHandle>;
  #isReady: () => void = () => undefined;
  #isDead: (error: Error) => void = () => undefined;
  #lives = 0;
  #over = false;

  constructor(start: StartThread, clock: Clock) {
    this.#clock = clock;
    this.#silence = new StallDetector(clock.now());
    const spoken = new Promise<void>((resolve, reject) => {
      this.#isReady = resolve;
      this.#isDead = reject;
    });
    const now = clock.now();
    writeTime(this.#signsOfLife, signs.main, now);
    writeTime(this.#signsOfLife, signs.worker, now);
    this.#handle = start(this.#signsOfLife, {
      heard: (messages) => this.#heard(messages),
      died: (error) => this.fail(error),
    });
    this.#handle.catch((error: unknown) => this.fail(error as Error));
    this.#ready = withDeadline(
      clock,
      START_WITHIN_MS,
      { operation: 'starting the worker thread' },
      undefined,
      () => spoken,
    ).then(() => this.#handle);
    this.#ready.then(
      () => this.#signal(),
      (error: unknown) => this.fail(error as Error),
    );
  }

  get isOver(): boolean {
    return this.#over;
  }

  async join(client: WorkerClient): Promise<WorkerSession> {
    const life = (this.#lives += 1);
    this.#clients.set(life, client);
    const leave = () => {
      if (this.#clients.delete(life) && this.#clients.size === 0) this.#end();
    };
    const handle = await this.#ready.catch((error: unknown) => {
      leave();
      throw error;
    });
    return { post: (instruction) => handle.post({ life, ...instruction }), leave };
  }

  fail(error: Error): void {
    if (this.#over) return;
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    this.#end();
    this.#isDead(error);
    for (const client of clients) client.died(error);
  }

  #heard(messages: readonly FromThread[]): void {
    for (const message of messages) {
      if (message.kind === 'ready') {
        this.#isReady();
        continue;
      }
      const { life, ...event } = message;
      this.#clients.get(life)?.heard(event);
    }
  }

  /**
   * Writes the main thread's sign of life and checks the worker's; while nothing happens, this is all that the worker
   * costs the main thread.
   */
  #signal(): void {
    if (this.#over) return;
    const now = this.#clock.now();
    writeTime(this.#signsOfLife, signs.main, now);
    const silentMs = this.#silence.look(readTime(this.#signsOfLife, signs.worker, now), now);
    if (silentMs > LONGEST_SILENCE_MS) {
      this.fail(new Error(`the worker thread has not run for ${String(Math.round(silentMs))} ms`));
      return;
    }
    this.#clock.after(SIGN_EVERY_MS, () => this.#signal());
  }

  #end(): void {
    this.#over = true;
    this.#handle.then((handle) => handle.end()).catch(() => undefined);
  }
}
