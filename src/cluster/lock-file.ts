import { isError } from '../core/errors.js';
import { link, lstat, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.js';
import { FILE_MODE } from '../core/private-folder.js';

/** The owner of a file and its last sign of life there. */
export interface Sign {
  readonly who: string;
  readonly at: number;
}

/** A folder or a link has the name of a file of ours. */
export class ForeignFileError extends Error {
  readonly path: string;

  constructor(path: string, problem: string) {
    super(problem);
    this.name = new.target.name;
    this.path = path;
  }
}

/** Reads the owner; undefined when the file does not exist. */
export async function readSign(path: string): Promise<Sign | undefined> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) throw new ForeignFileError(path, 'it is not a file');
    return { who: await readFile(path, 'utf8'), at: found.mtimeMs };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Writes a sign of life into an existing file. Resolves to false when the file does not exist. */
export async function touch(path: string, atMs: number): Promise<boolean> {
  try {
    await utimes(path, atMs / 1_000, atMs / 1_000);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** A lock file: one process owns it at a time, and others replace it when its owner is dead. */
export class LockFile {
  readonly #path: string;
  readonly #who: string;
  readonly #clock: Clock;
  readonly #isDead: (sign: Sign) => boolean;

  constructor(path: string, who: string, clock: Clock, isDead: (sign: Sign) => boolean) {
    this.#path = path;
    this.#who = who;
    this.#clock = clock;
    this.#isDead = isDead;
  }

  /** Resolves to true when the lock is ours, newly or still. */
  async take(): Promise<boolean> {
    if (await this.#make()) return true;
    const sign = await readSign(this.#path);
    if (sign?.who === this.#who) return (await touch(this.#path, this.#clock.wallTime())) || this.#make();
    if (sign !== undefined && !this.#isDead(sign)) return false;
    return (sign === undefined || (await this.#bury(sign))) && this.#make();
  }

  async isOurs(): Promise<boolean> {
    return (await readSign(this.#path))?.who === this.#who;
  }

  /** Releases the lock. */
  async release(): Promise<void> {
    if (await this.isOurs()) await rm(this.#path, { force: true });
  }

  async #make(): Promise<boolean> {
    try {
      await writeFile(this.#path, this.#who, { flag: 'wx', mode: FILE_MODE });
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    }
    return touch(this.#path, this.#clock.wallTime());
  }

  /**
   * Removes a dead owner's file. Of several processes only one succeeds in renaming it. It then verifies what it
   * renamed, because a faster process may have created its own lock by then.
   */
  async #bury({ who }: Sign): Promise<boolean> {
    const grave = `${this.#path}.${this.#who}`;
    try {
      await rename(this.#path, grave);
    } catch (error) {
      if (isAbsent(error)) return true;
      throw error;
    }
    const isTheDead = (await readSign(grave))?.who === who;
    if (!isTheDead) await link(grave, this.#path).catch(() => undefined);
    await rm(grave, { force: true });
    return isTheDead;
  }
}

function isAbsent(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

/** The code of an error of the file system. */
export function codeOf(error: unknown): unknown {
  return isError(error) && 'code' in error ? error.code : undefined;
}
