import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pause } from '../experiment/pause.js';
import type { Chaos } from './chaos.js';
import { mutateBody } from './grammar/bytes.js';
import type { Dice } from './grammar/dice.js';
import { wrongText } from './grammar/values.js';

/** Between two pieces of mischief. */
const EVERY_MS = 12;
const HUGE_BYTES = 3 * 1024 * 1024;

const kinds = {
  damaged: 20,
  gone: 6,
  folder: 3,
  pipe: 3,
  socket: 2,
  link: 4,
  huge: 1,
  mode: 3,
  time: 6,
  foreign: 10,
  draft: 4,
  noFolder: 2,
  fileForFolder: 2,
} as const;

/** Spoils the folder of a service: the entries in it, and what others put beside them. */
export class FileFuzzer {
  readonly #folder: string;
  readonly #ids: readonly string[];
  readonly #chaos: Chaos;
  #nth = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(folder: string, ids: readonly string[], chaos: Chaos) {
    this.#folder = folder;
    this.#ids = ids;
    this.#chaos = chaos;
  }

  begin(): void {
    this.#running = this.#run();
  }

  /** Resolves once the last mischief is done. What was put in the way of the whole folder is removed. */
  async heal(): Promise<void> {
    await this.#running;
    await readdir(this.#folder).catch(() => rm(this.#folder, { recursive: true, force: true }));
    await chmod(this.#folder, 0o700).catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (!this.#chaos.isHealed) {
      const registrar = (this.#nth += 1) % this.#ids.length;
      const dice = this.#chaos.draw(registrar);
      if (dice !== undefined) {
        const kind = dice.weighted(kinds);
        this.#chaos.note(registrar, dice, 'file', kind);
        // Ours may have been faster, e.g. at removing the file.
        await this.#spoil(dice, kind, join(this.#folder, `${this.#ids[registrar] ?? ''}.json`)).catch(() => undefined);
      }
      await pause(EVERY_MS);
    }
  }

  async #spoil(dice: Dice, kind: keyof typeof kinds, path: string): Promise<void> {
    const beside = join(this.#folder, `foreign-${dice.int(30)}.json`);
    switch (kind) {
      case 'damaged':
        return writeFile(path, mutateBody(dice, await regularText(path)));
      case 'gone':
        return rm(path, { recursive: true, force: true });
      case 'folder':
        await rm(path, { recursive: true, force: true });
        await mkdir(join(path, 'inner'), { recursive: true });
        return;
      case 'pipe':
        return putInPlace(path, dice, beside, (at) => execFileSync('mkfifo', [at], { stdio: 'ignore' }));
      case 'socket':
        return putInPlace(path, dice, beside, makeSocket);
      case 'link': {
        const targets = ['/dev/zero', 'nowhere', '.', '../other/other-1.json'];
        return putInPlace(path, dice, beside, (at) => symlink(dice.pick([at, ...targets]), at));
      }
      case 'huge':
        return putInPlace(path, dice, beside, (at) => writeFile(at, Buffer.alloc(HUGE_BYTES, '[')));
      case 'mode':
        await assertRegular(path);
        return chmod(path, dice.pick([0, 0o222, 0o400, 0o777]));
      case 'time': {
        await assertRegular(path);
        const seconds = dice.pick([0, -1e6, 4e9, 1e9]);
        return utimes(path, seconds, seconds);
      }
      case 'foreign': {
        const text = dice.chance(0.5) ? mutateBody(dice, await regularText(path)) : wrongText(dice);
        await rm(beside, { recursive: true, force: true });
        return writeFile(beside, text);
      }
      case 'draft':
        return writeFile(`${path}.${dice.int(1_000)}`, 'a draft');
      case 'noFolder':
        return rm(this.#folder, { recursive: true, force: true });
      case 'fileForFolder':
        await rename(this.#folder, `${this.#folder}-${dice.int(1_000_000)}`);
        await writeFile(this.#folder, 'not a folder');
        await pause(30);
        return rm(this.#folder, { force: true });
    }
  }
}

/** What leads elsewhere is left alone, and a pipe of ours would keep us waiting for ever. */
async function assertRegular(path: string): Promise<void> {
  if (!(await lstat(path)).isFile()) throw new Error(`${path} is no file`);
}

async function regularText(path: string): Promise<string> {
  await assertRegular(path);
  return readFile(path, 'utf8');
}

async function putInPlace(path: string, dice: Dice, beside: string, make: (at: string) => unknown): Promise<void> {
  const at = dice.chance(0.6) ? path : beside;
  await rm(at, { recursive: true, force: true });
  await make(at);
}

async function makeSocket(at: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, resolve);
  });
  server.unref();
}
