import type { InstanceKey } from '../../contracts/service-instance.js';
import { processWide } from '../../core/process-wide.js';
import { visitSlicedJson } from '../../core/sliced-json.js';
import type { Presence } from '../../contracts/registry.js';
import type { TokenSource } from '../../credentials/token.js';
import type { ConsulClient } from './consul-client.js';
import { decodeNonce } from './consul-codec.js';
import { notConsul, refusal } from './consul-errors.js';
import type { ConsulTarget } from './consul-options.js';
import { withQuery } from './consul-path.js';
import type { Scope } from './consul-path.js';
import type { ConsulSightings } from './consul-sightings.js';

const operation = 'list';
/** A filter with more names costs the agent more than the whole list. */
const MOST_NAMES = 8;

/** Looks for any number of entries with one request, in the agent's list of services. */
export class ConsulPresence implements Presence {
  readonly #client: ConsulClient;
  readonly #target: ConsulTarget;
  readonly #scope: Scope;
  readonly #sightings: ConsulSightings;
  #place: string | undefined;

  constructor(client: ConsulClient, target: ConsulTarget, scope: Scope, sightings: ConsulSightings) {
    this.#client = client;
    this.#target = target;
    this.#scope = scope;
    this.#sightings = sightings;
  }

  /** A digest, because its input contains secrets. */
  get place(): string {
    const { url, socketPath, token, namespace, partition } = this.#target;
    const identity = [
      url.href,
      socketPath,
      tokenIdentity(token),
      this.#scope.namespace ?? namespace,
      this.#scope.partition ?? partition,
    ];
    return (this.#place ??= process
      .getBuiltinModule('node:crypto')
      .createHash('sha256')
      .update(JSON.stringify(identity))
      .digest('base64'));
  }

  async present(keys: readonly InstanceKey[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const path = withQuery('/agent/services', this.#scope, this.#target, filterOf(keys));
    const answer = await this.#client.send({ operation, method: 'GET', path, pool: 'call', cap: 'batchLook' }, signal);
    if (answer.status !== 200) throw refusal(answer, operation, this.#client.shown);
    const nonces = new Set<string>();
    const visit = (service: unknown, id: string | undefined) => {
      if (id === undefined) throw new TypeError('it is not an object of services by id');
      const nonce = decodeNonce(service);
      if (nonce !== undefined) nonces.add(nonce);
    };
    try {
      await visitSlicedJson(answer.body, { longest: this.#target.caps.look.bytes }, visit, signal);
      for (const nonce of nonces) this.#sightings.saw(nonce);
      return nonces;
    } catch (cause) {
      signal.throwIfAborted();
      throw notConsul(operation, this.#client.shown, cause);
    }
  }
}

/** A filter that leaves out the agent's other services. */
function filterOf(keys: readonly InstanceKey[]): { filter?: string } {
  const names = [...new Set(keys.map(({ name }) => name))];
  // Names that would need quoting are looked up without a filter.
  if (names.length > MOST_NAMES || !names.every((name) => /^[A-Za-z0-9._-]+$/.test(name))) return {};
  return { filter: names.map((name) => `Service == "${name}"`).join(' or ') };
}

interface TokenFunctions {
  readonly numbers: WeakMap<object, number>;
  seen: number;
}

/**
 * Numbers token functions across all copies of the package: registries with different tokens must not share a place.
 */
const tokenFunctions = (): TokenFunctions =>
  processWide('consul token functions', () => ({ numbers: new WeakMap(), seen: 0 }));

/** Identifies the token, because an agent may show different entries to different tokens. */
function tokenIdentity(token: TokenSource): string {
  switch (token.kind) {
    case 'none':
      return '';
    case 'fixed':
      return `token ${token.token}`;
    case 'file':
      return `file ${token.path}`;
    case 'function': {
      const known = tokenFunctions();
      const number = known.numbers.get(token.ask) ?? (known.seen += 1);
      known.numbers.set(token.ask, number);
      return `function ${String(number)}`;
    }
  }
}
