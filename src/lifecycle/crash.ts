import { processWide } from '../process-wide.js';
import type { WorkerSpec } from '../registry/worker-spec.js';
import type { FarewellThread, Goodbye } from './farewell.js';

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
export class Crashes {
  readonly #process: CrashingProcess;
  readonly #start: () => Promise<FarewellThread>;
  readonly #goodbyes = new Set<() => Goodbye | undefined>();
  readonly #onCrash = () => {
    this.#crashed();
  };
  #starting: Promise<FarewellThread> | undefined;
  #thread: FarewellThread | undefined;

  constructor(process: CrashingProcess, start: () => Promise<FarewellThread>) {
    this.#process = process;
    this.#start = start;
  }

  /** Asks for `goodbye` when the process crashes; undefined: there is nothing to remove. The returned function ends that. Rejects when it cannot be done. */
  async subscribe(registry: WorkerSpec, goodbye: () => Goodbye | undefined): Promise<() => void> {
    if (this.#goodbyes.size === 0) this.#process.on('uncaughtExceptionMonitor', this.#onCrash);
    this.#goodbyes.add(goodbye);
    this.#starting ??= this.#start();
    try {
      this.#thread = await this.#starting;
      await this.#thread.prepare(registry);
    } catch (error) {
      this.#unsubscribe(goodbye);
      throw error;
    }
    return () => {
      this.#unsubscribe(goodbye);
    };
  }

  #unsubscribe(goodbye: () => Goodbye | undefined): void {
    this.#goodbyes.delete(goodbye);
    if (this.#goodbyes.size > 0) return;
    this.#process.removeListener('uncaughtExceptionMonitor', this.#onCrash);
    this.#thread?.end();
    this.#thread = undefined;
    this.#starting = undefined;
  }

  #crashed(): void {
    const isCaught = this.#process.listenerCount('uncaughtException') > 0 || this.#process.hasUncaughtExceptionCaptureCallback();
    if (isCaught) return;
    const goodbyes = [...this.#goodbyes].flatMap((ask) => ask() ?? []);
    if (goodbyes.length > 0) this.#thread?.say(goodbyes, WITHIN_MS);
  }
}

const startThread = async (): Promise<FarewellThread> => (await import('./farewell.js')).startFarewell();

/** Those of this process. The thread is there from the start: a crash may come of having no memory or no files left to start one. */
export const processCrashes = (): Crashes => processWide('crashes', () => new Crashes(process, startThread));
