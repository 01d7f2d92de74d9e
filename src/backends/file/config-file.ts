import { on } from 'node:events';
import { basename, dirname, resolve } from 'node:path';
import { readEnvText, readJsonText } from '../../config/source-text.js';
import type { ConfigSource, SourceReading } from '../../config/source.js';
import type { Cursor } from '../../discovery/discovery.js';
import { ConfigError, RegistryUnavailableError } from '../../errors.js';

export interface ConfigFileOptions {
  /** `json`: `{ "tags": […], "meta": {…}, "weights": {…} }`; `env`: `SERVICE_TAGS` and `SERVICE_META_<KEY>`. @default 'env' for names that begin or end with `.env`, else 'json' */
  readonly format?: 'json' | 'env';
}

/** Some mounts tell a watcher nothing: so often the file is looked at anyway. */
const LOOK_EVERY_MS = 2_000;
/** Far above what an entry can hold; a larger file is not the one that was meant. */
const LARGEST_BYTES = 1024 * 1024;
const ABSENT: Cursor = 'absent';

/**
 * A live source of tags, meta and weights: a file that somebody else renders, by renames, by symlinks as Kubernetes mounts them, or
 * in place. Throws `ConfigError` for a path or format that cannot work; touches nothing until it is first used.
 */
export function configFile(path: string, options: ConfigFileOptions = {}): ConfigSource {
  return new ConfigFile(path, options);
}

class ConfigFile implements ConfigSource {
  readonly name: string;
  readonly holdMs = LOOK_EVERY_MS;
  readonly #format: 'json' | 'env';

  constructor(path: string, options: ConfigFileOptions) {
    if (typeof path !== 'string' || path === '' || path.includes('\0')) throw new ConfigError([{ field: 'configFile', value: path, allowed: 'the path of a file' }]);
    const { format = /^\.env|\.env$/i.test(basename(path)) ? 'env' : 'json' } = options;
    if (format !== 'json' && format !== 'env') throw new ConfigError([{ field: 'configFile.format', value: format, allowed: "'json' or 'env'" }]);
    this.name = resolve(path);
    this.#format = format;
  }

  async poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<SourceReading> {
    if (cursor !== undefined) await this.#untilOther(cursor, signal);
    try {
      return await this.#read();
    } catch (cause) {
      const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      throw new RegistryUnavailableError(`${this.name} cannot be read (${why})`, { operation: 'read configuration', cause });
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The cursor is of the file as it was before it was read: a change in between makes the next poll answer at once. */
  async #read(): Promise<SourceReading> {
    const found = await look(this.name);
    if (found === undefined) return { cursor: ABSENT };
    const { cursor, isFile, size } = found;
    if (!isFile) return { problem: 'it is not a file', cursor };
    if (size > LARGEST_BYTES) return { problem: `it is larger than ${String(LARGEST_BYTES)} bytes`, cursor };
    const { readFile } = await import('node:fs/promises');
    const bytes = await orUndefined(readFile(this.name));
    if (bytes === undefined) return { cursor: ABSENT };
    const text = decodeText(bytes);
    if (text === undefined) return { problem: 'it is not a text in UTF-8', cursor };
    return { ...(this.#format === 'json' ? readJsonText(text) : readEnvText(text)), cursor };
  }

  /** Resolves when the file is another one than that of the cursor, as far as the directory's watcher is told. */
  async #untilOther(cursor: Cursor, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    try {
      const { watch } = await import('node:fs');
      // The directory, because a rename or a turned symlink leaves a watched file behind. Armed before the first look, so that
      // nothing falls between the two.
      const watcher = watch(dirname(this.name), { persistent: false });
      try {
        const events = on(watcher, 'change', { signal });
        if (await this.#isOther(cursor)) return;
        for await (const _event of events) if (await this.#isOther(cursor)) return;
      } finally {
        watcher.close();
      }
    } catch {
      // Nothing to watch, or no watcher to be had: the caller asks again when the hold is over.
      await aborted(signal);
    }
  }

  async #isOther(cursor: Cursor): Promise<boolean> {
    return ((await look(this.name))?.cursor ?? ABSENT) !== cursor;
  }
}

interface Look {
  readonly cursor: Cursor;
  readonly isFile: boolean;
  readonly size: number;
}

/** What tells one version of a file from another without reading it. */
async function look(path: string): Promise<Look | undefined> {
  const { stat } = await import('node:fs/promises');
  const found = await orUndefined(stat(path, { bigint: true }));
  if (found === undefined) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  return { cursor: [dev, ino, size, mtimeNs, ctimeNs].join(':'), isFile: found.isFile(), size: Number(size) };
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Undefined where there is no such file. */
async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
