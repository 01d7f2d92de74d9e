import type { ConfigSource, SourceReading } from '../../contracts/config-source.js';
import type { Cursor } from '../../contracts/discovery.js';
import { ConfigError } from '../../core/errors.js';
import { isAddressable } from '../../contracts/addressable.js';
import type { Credentials } from '../../contracts/credentials.js';
import { CloseGuard } from '../../registries/close-guard.js';
import { parseSlicedJson } from '../../core/sliced-json.js';
import type { WholeAnswer } from './consul-answer.js';
import { ConsulClient } from './consul-client.js';
import { goDuration } from './consul-codec.js';
import { nextCursor } from './consul-blocking-query.js';
import { notConsul, refusal } from './consul-errors.js';
import { decodeKv } from './consul-kv-codec.js';
import { heldMs, resolveConsulOptions } from './consul-options.js';
import type { ConsulOptions, ConsulTarget } from './consul-options.js';
import { withQuery } from './consul-path.js';

const operation = 'configure';

/**
 * A live source of tags, meta and weights in Consul's key-value store: `<key>/tags` (separated by commas, or a JSON
 * array), `<key>/meta/<name>`, `<key>/weights/passing` and `<key>/weights/warning`; or all of it as one JSON object
 * at the key itself. Throws `ConfigError` for a key or options that cannot work. Connects to nothing until first use.
 */
export function consulKv(key: string, options: ConsulOptions = {}): ConfigSource {
  return new ConsulKv(key, options);
}

class ConsulKv implements ConfigSource {
  readonly name: string;
  readonly holdMs: number;
  readonly credentials: Credentials;
  readonly #key: string;
  readonly #path: string;
  readonly #target: ConsulTarget;
  readonly #client: ConsulClient;
  readonly #guard: CloseGuard;

  constructor(key: string, options: ConsulOptions) {
    const trimmed = typeof key === 'string' ? key.replace(/\/$/, '') : '';
    if (!isAddressable(trimmed))
      throw new ConfigError([
        { field: 'consulKv', value: key, allowed: "a key such as 'config/orders', without a leading slash" },
      ]);
    this.name = `Consul KV ${trimmed}`;
    this.#key = trimmed;
    this.#path = `/kv/${trimmed.split('/').map(encodeURIComponent).join('/')}`;
    this.#target = resolveConsulOptions(options);
    this.holdMs = heldMs(this.#target.timeouts);
    this.#client = new ConsulClient(this.#target);
    this.#guard = new CloseGuard(this.name);
    this.credentials = this.#client.credentials;
  }

  poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<SourceReading> {
    return this.#guard.run(operation, signal, () => this.#read(cursor, signal));
  }

  async #read(cursor: Cursor | undefined, signal: AbortSignal): Promise<SourceReading> {
    const isLongPoll = cursor !== undefined && cursor !== '0';
    const path = withQuery(this.#path, {}, this.#target, {
      recurse: 'true',
      ...(isLongPoll && { index: cursor, wait: goDuration(this.#target.timeouts.pollMs) }),
    });
    const answer = await this.#client.send(
      { operation, method: 'GET', path, pool: isLongPoll ? 'watch' : 'call' },
      signal,
    );
    return { ...(await this.#decode(answer, signal)), cursor: nextCursor(cursor, answer) };
  }

  close(): Promise<void> {
    this.#guard.close();
    this.#client.close();
    return Promise.resolve();
  }

  async #decode(answer: WholeAnswer, signal: AbortSignal): Promise<Pick<SourceReading, 'values' | 'problem'>> {
    // Only Consul's own 404, for a key that does not exist, has an index.
    if (answer.status === 404 && answer.headers['x-consul-index'] !== undefined) return {};
    if (answer.status !== 200) throw refusal(answer, operation, this.#client.shown);
    try {
      return decodeKv(this.#key, await parseSlicedJson(answer.body, signal));
    } catch (cause) {
      signal.throwIfAborted();
      throw notConsul(operation, this.#client.shown, cause);
    }
  }
}
