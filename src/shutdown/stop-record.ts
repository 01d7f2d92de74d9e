import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { open, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { formatDuration } from '../core/duration.js';
import { FILE_MODE, openPrivateFolder, ownUid } from '../core/private-folder.js';
import { printable } from '../core/printable.js';

/** What a process writes down when a signal begins its stop. Removed when the stop has ended. */
export interface StopRecord {
  readonly pid: number;
  /** A process id means nothing on another host or in another container. */
  readonly hostname: string;
  /** The signal. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly beganAt: number;
  /** `shutdown.timeout`. */
  readonly timeoutMs: number;
  /** The entry is out of the registry. */
  readonly hasLeft: boolean;
}

/** A record that outlived its process: the stop was cut short. */
export interface CutShort extends StopRecord {
  /** The last sign of life of the process, in milliseconds since 1970. */
  readonly lastAt: number;
}

const LARGEST_BYTES = 4_096;

/** The file with the record of one instance, in a folder of this user. Its modification time is a sign of life. */
export class StopRecordFile {
  readonly #folder: string;
  #touched: Promise<void> = Promise.resolve();
  readonly #path: string;
  readonly #clock: Clock;

  constructor(folder: string, { name, id }: { readonly name: string; readonly id: string }, clock: Clock) {
    this.#folder = folder;
    this.#path = join(folder, createHash('sha256').update(`${name}\0${id}`).digest('hex').slice(0, 32));
    this.#clock = clock;
  }

  /** Makes the folder. Resolves to the record of an earlier process, and removes it unless that process still runs. */
  async takeFormer(hostname: string, isRunning: (pid: number) => boolean): Promise<CutShort | undefined> {
    await openPrivateFolder(this.#folder, ownUid());
    const former = await this.#read();
    if (former === undefined || former.hostname !== hostname) return undefined;
    if (former.pid !== process.pid && isRunning(former.pid)) return undefined;
    await rm(this.#path, { force: true });
    return former;
  }

  /** Synchronous, because the process may be killed at any moment. Throws when the file cannot be written. */
  write(record: StopRecord): void {
    writeFileSync(this.#path, JSON.stringify(record), { mode: FILE_MODE });
    void this.touch();
  }

  /** Never rejects. One after another, because an older time must not overtake a newer one. */
  touch(): Promise<void> {
    const now = this.#clock.wallTime() / 1_000;
    this.#touched = this.#touched.then(() => utimes(this.#path, now, now)).catch(() => undefined);
    return this.#touched;
  }

  /** Synchronous, because the process exits next. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }

  async #read(): Promise<CutShort | undefined> {
    const handle = await open(this.#path, 'r').catch(() => undefined);
    try {
      const found = await handle?.stat();
      if (handle === undefined || found === undefined || !found.isFile() || found.size > LARGEST_BYTES)
        return undefined;
      return decode(await handle.readFile('utf8'), found.mtimeMs);
    } finally {
      await handle?.close();
    }
  }
}

/** Undefined for a file that is damaged, e.g. of a process that was killed in the middle of the write. */
function decode(text: string, lastAt: number): CutShort | undefined {
  try {
    const record = JSON.parse(text) as StopRecord;
    const { pid, hostname, reason, beganAt, timeoutMs, hasLeft } = record;
    const isValid =
      [pid, beganAt, timeoutMs].every((value) => Number.isFinite(value)) &&
      [hostname, reason].every((value) => typeof value === 'string') &&
      typeof hasLeft === 'boolean';
    return isValid ? { ...record, lastAt } : undefined;
  } catch {
    return undefined;
  }
}

/** Says how much time the stop had, and how much was missing. */
export function describeCutShort({ reason, beganAt, lastAt, timeoutMs, hasLeft }: CutShort): string {
  const hadMs = Math.max(0, lastAt - beganAt);
  const missing = formatDuration(Math.max(0, timeoutMs - hadMs));
  const consequence = hasLeft
    ? 'it had left the registry, but requests may have been lost'
    : 'its entry was still listed, so callers kept it until its TTL ended';
  return (
    `the last stop of this instance was cut short: ${printable(reason)} began it, and the process ended ` +
    `${formatDuration(hadMs)} later, while \`shutdown.timeout\` allows ${formatDuration(timeoutMs)}: ${missing} were ` +
    `missing; ${consequence}. Raise the time that the platform grants before it kills (e.g. kill_timeout of PM2, ` +
    'stop_grace_period of Docker), lower `shutdown.timeout`, or find the listener that calls process.exit()'
  );
}
