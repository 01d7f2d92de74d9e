import { basename, resolve } from 'node:path';
import { readEnvText, readJsonText } from '../../config/source-text.js';
import type { ConfigSource, SourceReading } from '../../contracts/config-source.js';
import type { Cursor } from '../../contracts/discovery.js';
import { ConfigError, RegistryUnavailableError, isError } from '../../core/errors.js';
import { orUndefined, untilChanged, versionOf } from '../../credentials/file-version.js';

export interface ConfigFileOptions {
  /**
   * `json`: `{ "tags": […], "meta": {…}, "weights": {…} }`; `env`: `SERVICE_TAGS` and `SERVICE_META_<KEY>`.
   * @default 'env' for names that begin or end with `.env`, else 'json'
   */
  readonly format?: 'json' | 'env';
}

/** How often to check the file without a notification, because some mounts send none. */
const LOOK_EVERY_MS = 2_000;
/** Far above the size of any entry: a larger file is the wrong file. */
const LARGEST_BYTES = 1024 * 1024;
const ABSENT: Cursor = 'absent';

/**
 * A live source of tags, meta and weights: a file that another program writes by rename, through symlinks as
 * Kubernetes mounts them, or in place. Throws `ConfigError` for a path or format that cannot work. Touches nothing
 * until first use.
 */
export function configFile(path: string, options: ConfigFileOptions = {}): ConfigSource {
  return new ConfigFile(path, options);
}

class ConfigFile implements ConfigSource {
  readonly name: string;
  readonly holdMs = LOOK_EVERY_MS;
  readonly #format: 'json' | 'env';

  constructor(path: string, options: ConfigFileOptions) {
    if (typeof path !== 'string' || path === '' || path.includes('\0'))
      throw new ConfigError([{ field: 'configFile', value: path, allowed: 'the path of a file' }]);
    const { format = /^\.env|\.env$/i.test(basename(path)) ? 'env' : 'json' } = options;
    if (format !== 'json' && format !== 'env')
      throw new ConfigError([{ field: 'configFile.format', value: format, allowed: "'json' or 'env'" }]);
    this.name = resolve(path);
    this.#format = format;
  }

  async poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<SourceReading> {
    if (cursor !== undefined) await untilChanged(this.name, () => this.#hasChanged(cursor), signal);
    try {
      return await this.#read();
    } catch (cause) {
      const why = isError(cause) && 'code' in cause ? String(cause.code) : String(cause);
      throw new RegistryUnavailableError(
        `${this.name} cannot be read (${why}): check the path in configFile() and its permissions`,
        {
          operation: 'read configuration',
          cause,
        },
      );
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Takes the cursor before it reads: a change in between makes the next poll answer at once. */
  async #read(): Promise<SourceReading> {
    const found = await versionOf(this.name);
    if (found === undefined) return this.#absent;
    const { mark: cursor, isFile, size } = found;
    if (!isFile) return { problem: 'it is not a file', cursor };
    if (size > LARGEST_BYTES) return { problem: `it is larger than ${String(LARGEST_BYTES)} bytes`, cursor };
    const { readFile } = await import('node:fs/promises');
    const bytes = await orUndefined(readFile(this.name));
    if (bytes === undefined) return this.#absent;
    const text = decodeText(bytes);
    if (text === undefined) return { problem: 'it is not a text in UTF-8', cursor };
    if (text.trim() === '') return { pending: `the config file ${this.name} is still empty`, cursor };
    return { ...(this.#format === 'json' ? readJsonText(text) : readEnvText(text)), cursor };
  }

  get #absent(): SourceReading {
    return { pending: `the config file ${this.name} is not there yet`, cursor: ABSENT };
  }

  async #hasChanged(cursor: Cursor): Promise<boolean> {
    return ((await versionOf(this.name))?.mark ?? ABSENT) !== cursor;
  }
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
