import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { FILE_MODE, FOLDER_MODE, isOwnFolder } from '../core/private-folder.js';
import type { HealthReport } from '../contracts/health-report.js';
import { RegistryUnavailableError, asError } from '../core/errors.js';
import { ForeignFileError, LockFile, codeOf, readSign, touch } from './lock-file.js';
import type { Sign } from './lock-file.js';
import { isReport } from './read-message.js';

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
    await this.#inFolder(async () => {
      await writeFile(this.#ours, `${String(this.#plan.pid)} ${JSON.stringify({ status, reason })}`, {
        mode: FILE_MODE,
      });
      await touch(this.#ours, this.#plan.clock.wallTime());
    });
  }

  /** Publishes that this worker no longer serves. */
  async withdraw(): Promise<void> {
    await rm(this.#ours, { force: true });
  }

  /** The health of the other workers that serve. */
  others(): Promise<HealthReport[]> {
    return this.#inFolder(async () => {
      const files = (await readdir(this.#folder)).filter((file) => file.endsWith('.worker'));
      const paths = files.map((file) => join(this.#folder, file)).filter((path) => path !== this.#ours);
      const signs = await Promise.all(paths.map(readSign));
      return signs.flatMap((sign) => (sign === undefined || this.#isDead(sign) ? [] : healthOf(sign)));
    });
  }

  /** Resolves to true when this worker holds the entry, newly or still. */
  take(): Promise<boolean> {
    return this.#inFolder(() => this.#lock.take());
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

  /** Calls `work`, once more with a new folder if that has gone: programs that clean temporary files remove it. */
  async #inFolder<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.#open();
      return await work().catch(async (error: unknown) => {
        if (!hasGone(error)) throw error;
        this.#opened = undefined;
        await this.#open();
        return work();
      });
    } catch (thrown) {
      throw cannotElect(thrown, this.#plan.folder);
    }
  }

  /** Other users may write into the system's temporary directory, so a folder that is not ours alone is refused. */
  #open(): Promise<void> {
    this.#opened ??= (async () => {
      const { folder, uid } = this.#plan;
      await makeFolder(folder);
      if (!isOwnFolder(await lstat(folder), uid)) throw new ForeignFileError(folder, 'it is not of this user alone');
      await makeFolder(this.#folder);
    })();
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }
}

function hasGone(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
}

/** Makes the folder if it is missing. Throws `ForeignFileError` if a link or a file has the name. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOTDIR') throw error;
  }
  const found = await lstat(path);
  if (!found.isDirectory()) throw new ForeignFileError(path, 'it is not a folder');
}

/** The error that says what keeps the workers from electing a leader, and the way out. */
function cannotElect(cause: unknown, folder: string): Error {
  const { message } = asError(cause);
  const where = cause instanceof ForeignFileError ? cause.path : folder;
  return new RegistryUnavailableError(
    `Workers cannot agree in ${where} who holds the entry (${message}): remove it, or set TMPDIR to a directory ` +
      'that this user may write to',
    { operation: 'electing a leader', cause },
  );
}

function healthOf({ who }: Sign): HealthReport {
  const report = parseJson(who.slice(who.indexOf(' ') + 1));
  // The file is being written: the worker serves, and the next read shows its health.
  return isReport(report) ? report : { status: 'passing', reason: 'ok' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
