import type { InstanceKey } from '../../contracts/service-instance.js';
import { processWide } from '../../core/process-wide.js';
import type { Presence } from '../../contracts/registry.js';
import type { TokenSource } from '../../credentials/token.js';
import type { ConsulClient } from './consul-client.js';
import { decodeNonces } from './consul-codec.js';
import { notConsul, refusal } from './consul-errors.js';
import type { ConsulTarget } from './consul-options.js';
import { withQuery } from './consul-path.js';
import type { Scope } from './consul-path.js';

const operation = 'list';
/** A filter with more names costs the agent more than the list. */
const MOST_NAMES = 8;

/** Looks for any number of entries in the list of what an agent holds. */
export class ConsulPresence implements Presence {
  readonly #client: ConsulClient;
  readonly #target: ConsulTarget;
  readonly #scope: Scope;
  #place: string | undefined;

  constructor(client: ConsulClient, target: ConsulTarget, scope: Scope) {
    this.#client = client;
    this.#target = target;
    this.#scope = scope;
  }

  /** A digest: what it is made of has secrets in it. */
  get place(): string {
    const { url, token, namespace, partition } = this.#target;
    const seen = [url.href, rightsOf(token), this.#scope.namespace ?? namespace, this.#scope.partition ?? partition];
    return (this.#place ??= process
      .getBuiltinModule('node:crypto')
      .createHash('sha256')
      .update(JSON.stringify(seen))
      .digest('base64'));
  }

  async present(keys: readonly InstanceKey[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const path = withQuery('/agent/services', this.#scope, this.#target, filterOf(keys));
    const answer = await this.#client.send({ operation, method: 'GET', path, pool: 'call' }, signal);
    if (answer.status !== 200) throw refusal(answer, operation, this.#client.shown);
    try {
      return decodeNonces(JSON.parse(answer.text));
    } catch (cause) {
      throw notConsul(operation, this.#client.shown, cause);
    }
  }
}

/** Leaves out what others have on the agent. */
function filterOf(keys: readonly InstanceKey[]): { filter?: string } {
  const names = [...new Set(keys.map(({ name }) => name))];
  // Whatever would need quoting is found without a filter.
  if (names.length > MOST_NAMES || !names.every((name) => /^[A-Za-z0-9._-]+$/.test(name))) return {};
  return { filter: names.map((name) => `Service == "${name}"`).join(' or ') };
}

interface TokenFunctions {
  readonly numbers: WeakMap<object, number>;
  seen: number;
}

/** Numbers them over all copies of the package: places with different tokens must not look alike. */
const tokenFunctions = (): TokenFunctions =>
  processWide('consul token functions', () => ({ numbers: new WeakMap(), seen: 0 }));

/** Tells apart what is seen with different tokens. */
function rightsOf(token: TokenSource): string {
  switch (token.kind) {
    case 'none':
      return '';
    case 'fixed':
      return `token ${token.token}`;
    case 'file':
      return `file ${token.path}`;
    case 'function': {
      const functions = tokenFunctions();
      const number = functions.numbers.get(token.ask) ?? (functions.seen += 1);
      functions.numbers.set(token.ask, number);
      return `function ${String(number)}`;
    }
  }
}
