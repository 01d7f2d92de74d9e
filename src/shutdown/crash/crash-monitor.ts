import { processWide } from '../../core/process-wide.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import type { CrashThread, CrashRemoval } from './crash-thread.js';

/** The part of `process` that this file uses; a test passes its own. */
export interface CrashingProcess {
  on(event: 'uncaughtExceptionMonitor', listener: () => void): unknown;
  removeListener(event: 'uncaughtExceptionMonitor', listener: () => void): unknown;
  listenerCount(event: string): number;
  hasUncaughtExceptionCaptureCallback(): boolean;
}

/** The longest time that a crash is delayed. */
const WITHIN_MS = 1_000;

/**
 * Deregisters when an uncaught exception ends the process. It only listens to the monitor event, so that message,
 * stack and exit code stay as they are without rollcall. A host that catches the exception goes on, and its
 * registration stays.
 */
export class CrashMonitor {
  readonly #process: CrashingProcess;
  readonly #start: () => Promise<CrashThread>;
  readonly #removals = new Set<() => CrashRemoval | undefined>();
  readonly #onCrash = () => {
    this.#crashed();
  };
  #starting: Promise<CrashThread> | undefined;
  #thread: CrashThread | undefined;

  constructor(process: CrashingProcess, start: () => Promise<CrashThread>) {
    this.#process = process;
    this.#start = start;
  }

  /**
   * Calls `removal` when the process crashes and removes the entry that it names; undefined: there is none. Resolves
   * to the function that unsubscribes; rejects when the crash thread cannot start.
   */
  async subscribe(registry: WorkerSpec, removal: () => CrashRemoval | undefined): Promise<() => void> {
    if (this.#removals.size === 0) this.#process.on('uncaughtExceptionMonitor', this.#onCrash);
    this.#removals.add(removal);
    this.#starting ??= this.#start();
    try {
      this.#thread = await this.#starting;
      await this.#thread.prepare(registry);
    } catch (error) {
      this.#unsubscribe(removal);
      throw error;
    }
    return () => {
      this.#unsubscribe(removal);
    };
  }

  #unsubscribe(removal: () => CrashRemoval | undefined): void {
    this.#removals.delete(removal);
    if (this.#removals.size > 0) return;
    this.#process.removeListener('uncaughtExceptionMonitor', this.#onCrash);
    this.#thread?.end();
    this.#thread = undefined;
    this.#starting = undefined;
  }

  #crashed(): void {
    const isCaught =
      this.#process.listenerCount('uncaughtException') > 0 || this.#process.hasUncaughtExceptionCaptureCallback();
    if (isCaught) return;
    const removals = [...this.#removals].flatMap((ask) => ask() ?? []);
    if (removals.length > 0) this.#thread?.say(removals, WITHIN_MS);
  }
}

const startThread = async (): Promise<CrashThread> => (await import('./crash-thread.js')).startCrashThread();

/**
 * The monitor of this process. Its thread runs from the start, because a crash may leave no memory or file
 * descriptors to start one.
 */
export const processCrashMonitor = (): CrashMonitor =>
  processWide('crash monitor', () => new CrashMonitor(process, startThread));
