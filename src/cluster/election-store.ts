import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import type { HealthReport } from '../contracts/health-report.js';
import { LockFile, readSign, touch } from './lock-file.js';
import type { Sign } from './lock-file.js';

export interface ElectionStorePlan {
  /** Where all of them meet; made where it is missing. */
  readonly folder: string;
  /** What they are to be one instance of. */
  readonly id: string;
  readonly pid: number;
  readonly uid: number;
  readonly clock: Clock;
  /** Whoever gives no sign for so long is dead. */
  readonly deadAfterMs: number;
  readonly isRunning: (pid: number) => boolean;
}

/** The folder in which workers of one instance agree on who holds its entry, and tell one another how they do. */
export class ElectionStore {
  readonly #plan: ElectionStorePlan;
  readonly #folder: string;
  readonly #lock: LockFile;
  #opened: Promise<void> | undefined;

  constructor(plan: ElectionStorePlan) {
    this.#plan = plan;
    this.#folder = join(plan.folder, createHash('sha256').update(plan.id).digest('hex').slice(0, 32));
    this.#lock = new LockFile(join(this.#folder, 'holder'), String(plan.pid), plan.clock, (sign) => this.#isDead(sign));
  }

  /** Tells the others that we serve, and how we do. */
  async sign({ status, reason }: HealthReport): Promise<void> {
    await this.#open();
    await writeFile(this.#ours, `${String(this.#plan.pid)} ${JSON.stringify({ status, reason })}`, { mode: 0o600 });
    await touch(this.#ours, this.#plan.clock.wallTime());
  }

  /** We no longer serve. */
  async withdraw(): Promise<void> {
    await rm(this.#ours, { force: true });
  }

  /** How the others do who serve. */
  async others(): Promise<HealthReport[]> {
    await this.#open();
    const files = (await readdir(this.#folder)).filter((file) => file.endsWith('.worker'));
    const signs = await Promise.all(
      files.map((file) => join(this.#folder, file)).flatMap((path) => (path === this.#ours ? [] : [readSign(path)])),
    );
    return signs.flatMap((sign) => (sign === undefined || this.#isDead(sign) ? [] : healthOf(sign)));
  }

  /** True when it is us who hold the entry, from now on or from before. */
  async take(): Promise<boolean> {
    await this.#open();
    return this.#lock.take();
  }

  async release(): Promise<void> {
    await this.#lock.release();
  }

  get #ours(): string {
    return join(this.#folder, `${String(this.#plan.pid)}.worker`);
  }

  #isDead({ who, at }: Sign): boolean {
    const { clock, deadAfterMs, isRunning } = this.#plan;
    const pid = Number.parseInt(who, 10);
    return Math.abs(clock.wallTime() - at) > deadAfterMs || (Number.isInteger(pid) && !isRunning(pid));
  }

  /** Others may write into the system's directory for temporary files: only what is ours alone is believed. */
  #open(): Promise<void> {
    this.#opened ??= (async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const { uid, mode } = await stat(this.#plan.folder);
      if (uid !== this.#plan.uid || (mode & 0o022) !== 0)
        throw new Error(`${this.#plan.folder} is not ours alone: remove it, or set TMPDIR`);
    })();
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }
}

function healthOf({ who }: Sign): HealthReport[] {
  try {
    return [JSON.parse(who.slice(who.indexOf(' ') + 1)) as HealthReport];
  } catch {
    // Being written just now: it serves, and will have said how by the next look.
    return [{ status: 'passing', reason: 'ok' }];
  }
}
