import { processWide } from '../../core/process-wide.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import type { CrashThread, CrashRemoval } from './crash-thread.js';

/** What of the process this file touches; a test passes its own. */
export interface CrashingProcess {
  on(event: 'uncaughtExceptionMonitor', listener: () => void): unknown;
  removeListener(event: 'uncaughtExceptionMonitor', listener: () => void): unknown;
  listenerCount(event: string): number;
  hasUncaughtExceptionCaptureCallback(): boolean;
}

/** How long a crash may be held up. */
const WITHIN_MS = 1_000;

/**
 * A last try to leave the registry when an exception that nobody catches ends the process. Node has only told of it then: message, stack and exit code
 * are those without us. A host that catches it goes on, and so does its registration.
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

  /** Asks for `goodbye` when the process crashes; undefined: there is nothing to remove. The returned function ends that. Rejects when it cannot be done. */
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

/** Those of this process. The thread is there from the start: a crash may come of having no memory or no files left to start one. */
export const processCrashMonitor = (): CrashMonitor =>
  processWide('crash monitor', () => new CrashMonitor(process, startThread));
