import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { FILE_MODE, FOLDER_MODE, openPrivateFolder } from '../core/private-folder.js';
import type { HealthReport } from '../contracts/health-report.js';
import { LockFile, readSign, touch } from './lock-file.js';
import type { Sign } from './lock-file.js';

export interface ElectionStorePlan {
  /** The folder that all workers share; created when missing. */
  readonly folder: string;
  /** Identifies the instance that the workers form. */
  readonly id: string;
  readonly pid: number;
  /** Undefined on a system without user ids. */
  readonly uid: number | undefined;
  readonly clock: Clock;
  /** A worker without a sign of life for this long counts as dead. */
  readonly deadAfterMs: number;
  readonly isRunning: (pid: number) => boolean;
}

/** The shared folder in which the workers of one instance elect the holder of its entry and publish their health. */
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

  /** Publishes that this worker serves, with its health. */
  async sign({ status, reason }: HealthReport): Promise<void> {
    await this.#open();
    await writeFile(this.#ours, `${String(this.#plan.pid)} ${JSON.stringify({ status, reason })}`, { mode: FILE_MODE });
    await touch(this.#ours, this.#plan.clock.wallTime());
  }

  /** Publishes that this worker no longer serves. */
  async withdraw(): Promise<void> {
    await rm(this.#ours, { force: true });
  }

  /** The health of the other workers that serve. */
  async others(): Promise<HealthReport[]> {
    await this.#open();
    const files = (await readdir(this.#folder)).filter((file) => file.endsWith('.worker'));
    const signs = await Promise.all(
      files.map((file) => join(this.#folder, file)).flatMap((path) => (path === this.#ours ? [] : [readSign(path)])),
    );
    return signs.flatMap((sign) => (sign === undefined || this.#isDead(sign) ? [] : healthOf(sign)));
  }

  /** Resolves to true when this worker holds the entry, newly or still. */
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

  /** Other users may write into the system's temporary directory, so a folder that is not ours alone is refused. */
  #open(): Promise<void> {
    this.#opened ??= (async () => {
      await openPrivateFolder(this.#plan.folder, this.#plan.uid);
      await mkdir(this.#folder, { recursive: true, mode: FOLDER_MODE });
    })();
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }
}

function healthOf({ who }: Sign): HealthReport[] {
  try {
    return [JSON.parse(who.slice(who.indexOf(' ') + 1)) as HealthReport];
  } catch {
    // The file is being written: the worker serves, and the next read shows its health.
    return [{ status: 'passing', reason: 'ok' }];
  }
}
