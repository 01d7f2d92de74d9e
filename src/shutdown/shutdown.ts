import { StoppedError, TimeoutError, asError } from '../core/errors.js';
import { phases, phasesToLeave, stepsToDeregister } from './phases.js';
import type { Phase, Step } from './phases.js';
import { StopWork } from './stop-work.js';
import type { ShutdownPlan } from './stop-work.js';

const REPORT_EVERY_MS = 5_000;

/** The stop of one instance: runs the phases in order, each step once, under one deadline. */
export class Shutdown {
  readonly #plan: ShutdownPlan;
  readonly #work: StopWork;
  readonly #forceStop = new AbortController();
  readonly #leaveTimeout = new AbortController();
  readonly #runs = new Map<Step | 'stop', Promise<readonly Error[]>>();
  readonly #running = new Set<Step>();
  /** Other code may close the server after `leave()`. */
  #hasLeft = false;
  #hasBegun = false;

  constructor(plan: ShutdownPlan) {
    this.#plan = plan;
    this.#work = new StopWork(plan, { all: this.#forceStop.signal, leaving: this.#leaveTimeout.signal });
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** What the current phase waits for, for people; undefined: nothing is under way. */
  get waitingFor(): string | undefined {
    const current = phases.find(({ steps }) => steps.some((step) => this.#running.has(step)));
    return current?.waitsFor(this.#work);
  }

  /** Ends the drain early, because a person at a terminal is waiting. */
  skipDrain(): void {
    this.#work.skipDrain();
  }

  /** Ends everything that is still under way. */
  forceStop(reason: string): void {
    this.#forceStop.abort(new StoppedError(reason));
  }

  /** Whether callers may still use the instance: it is listed, or the drain goes on. */
  get mayBeInUse(): boolean {
    return !this.#work.isDrained;
  }

  /** Deregisters for good. Joins steps that run or have run; never rejects. */
  async deregister(reason: string): Promise<void> {
    await this.#beforeStop(reason, async () => {
      for (const step of stepsToDeregister) await this.#runStep(step);
    });
  }

  /** The first half: deregisters for good and drains. Joins steps that run or have run; never rejects. */
  async leave(reason: string): Promise<void> {
    this.#hasLeft = true;
    await this.#beforeStop(reason, () => this.#runPhases(phasesToLeave));
  }

  /** The whole stop. Every call joins the first. Resolves with all errors; never rejects. */
  stop(reason: string): Promise<readonly Error[]> {
    return this.#once('stop', () => this.#stop(reason));
  }

  #begin(reason: string): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#work.begin(reason);
  }

  async #beforeStop(reason: string, run: () => Promise<unknown>): Promise<void> {
    const callOff = this.#setDeadline(this.#leaveTimeout);
    this.#work.beginLeaving();
    this.#begin(reason);
    await run();
    callOff();
  }

  async #runPhases(inOrder: readonly Phase[]): Promise<readonly Error[]> {
    const errors: Error[] = [];
    for (const { steps } of inOrder) {
      const results = await Promise.all(steps.map((step) => this.#runStep(step)));
      errors.push(...results.flat());
    }
    return errors;
  }

  /** Says every few seconds what the stop waits for. */
  #report(startedAt: number): () => void {
    const { clock, events } = this.#plan;
    let callOff = (): void => undefined;
    const next = () => {
      callOff = clock.after(REPORT_EVERY_MS, () => {
        const { waitingFor } = this;
        if (waitingFor !== undefined) events.emit('stopWaits', { waitingFor, sinceMs: clock.now() - startedAt });
        next();
      });
    };
    next();
    return () => {
      callOff();
    };
  }

  async #stop(reason: string): Promise<readonly Error[]> {
    const { clock, events, machine, server, isHostEnding } = this.#plan;
    const startedAt = clock.now();
    const release = clock.hold();
    const callOff = this.#setDeadline(this.#forceStop);
    this.#work.beginStop();
    const endReport = this.#report(startedAt);
    this.#begin(reason);
    const errors = await this.#runPhases(phases);
    endReport();
    callOff();
    server()?.release(this.#hasLeft || isHostEnding());
    machine.transition('drained');
    events.emit('stopped', { tookMs: clock.now() - startedAt, errors });
    release();
    return errors;
  }

  #runStep(step: Step): Promise<readonly Error[]> {
    return this.#once(step, async () => {
      this.#running.add(step);
      try {
        return (await step(this.#work)) ?? [];
      } catch (thrown) {
        return [asError(thrown)];
      } finally {
        this.#running.delete(step);
      }
    });
  }

  /** Later calls join the first, also from a listener or hook while `run` is starting. */
  #once(key: Step | 'stop', run: () => Promise<readonly Error[]>): Promise<readonly Error[]> {
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    let finish: (errors: readonly Error[]) => void = () => undefined;
    const finished = new Promise<readonly Error[]>((resolve) => {
      finish = resolve;
    });
    this.#runs.set(key, finished);
    void run().then(finish);
    return finished;
  }

  /** One deadline over all that `ended` ends, the closing of the server too: an endless request must not hold it up. */
  #setDeadline(ended: AbortController): () => void {
    const { clock, config } = this.#plan;
    return clock.after(config.stopTimeoutMs, () => {
      ended.abort(
        new TimeoutError(`stop took longer than shutdown.timeout (${String(config.stopTimeoutMs)} ms)`, {
          operation: 'stop',
        }),
      );
    });
  }
}
