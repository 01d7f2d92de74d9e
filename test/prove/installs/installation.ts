import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import { dieWithUs } from '../../support/servers/die-with-us.js';
import type { Consumer, Use } from './consumer.js';

const run = promisify(execFile);
const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));
const STEP_WITHIN_MS = 180_000;
const INSTALL_WITHIN_MS = 600_000;

/** Packs the package as it would be published. Resolves to the path of the tarball. */
export async function packInto(folder: string): Promise<string> {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: projectRoot,
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string }];
  return join(folder, packed.filename);
}

/** A folder with the package and the tools of one consumer in it. */
export class Installation {
  readonly #folder: string;
  #used = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Installs the package, which leaves out its optional peers, and the consumer's tools. Rejects with npm's words. */
  static async create(folder: string, tarball: string, { packages }: Consumer): Promise<Installation> {
    await mkdir(folder);
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ private: true, dependencies: { ...packages, rollcall: `file:${tarball}` } }),
    );
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: folder, timeout: INSTALL_WITHIN_MS });
    return new Installation(folder);
  }

  /** Tries a use. Resolves to what went wrong; undefined: it works. */
  async problemOf({ files, steps, seen }: Use): Promise<string | undefined> {
    const folder = join(this.#folder, `use-${String((this.#used += 1))}`);
    await mkdir(folder);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    for (const [program, ...words] of steps) {
      const failure = await this.#run(folder, program, words);
      if (failure !== undefined) return failure;
    }
    if (seen === undefined) return undefined;
    const actual = await readFile(join(folder, 'seen.json'), 'utf8').then(
      (text) => JSON.parse(text) as unknown,
      () => undefined,
    );
    return isDeepStrictEqual(actual, seen)
      ? undefined
      : `seen ${JSON.stringify(actual)} instead of ${JSON.stringify(seen)}`;
  }

  /** Makes of the package one that has ES modules only and says nothing to tools that do not know `exports`. */
  async offerModulesOnly(): Promise<void> {
    const path = join(this.#folder, 'node_modules/rollcall/package.json');
    const {
      main: _main,
      types: _types,
      typesVersions: _versions,
      ...manifest
    } = JSON.parse(await readFile(path, 'utf8')) as { exports: Record<string, { import?: object }> } & Record<
      string,
      unknown
    >;
    const exports = Object.fromEntries(
      Object.entries(manifest.exports).map(([subpath, conditions]) => [subpath, conditions.import ?? conditions]),
    );
    await writeFile(path, JSON.stringify({ ...manifest, exports }));
    // What Jest has transformed is not to be used again.
    await rm(join(this.#folder, 'node_modules/.cache'), { recursive: true, force: true });
  }

  async #run(cwd: string, program: string, words: readonly string[]): Promise<string | undefined> {
    const { NODE_OPTIONS: _loader, ...environment } = process.env;
    const env = {
      ...environment,
      PATH: [join(this.#folder, 'node_modules/.bin'), dirname(process.execPath), environment.PATH].join(delimiter),
      CI: 'true',
    };
    const running = run(program, words, { cwd, env, timeout: STEP_WITHIN_MS, killSignal: 'SIGKILL' });
    const callOff = dieWithUs(running.child.pid ?? 0);
    try {
      await running;
      return undefined;
    } catch (thrown) {
      return `${program} ${words.join(' ')}: ${firstLines(thrown as Error & { stdout?: string; stderr?: string })}`;
    } finally {
      callOff();
    }
  }
}

/** Enough to see the cause. */
function firstLines({ message, stdout = '', stderr = '' }: Error & { stdout?: string; stderr?: string }): string {
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
  return lines.length === 0 ? message : lines.slice(0, 12).join(' | ');
}
