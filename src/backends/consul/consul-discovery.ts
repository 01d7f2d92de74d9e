import type {
  Cursor,
  DiscoveredInstance,
  Discovery,
  DiscoveryTraits,
  Listing,
  ReadOptions,
} from '../../contracts/discovery.js';
import { visitSlicedJson } from '../../core/sliced-json.js';
import type { Answer, WholeAnswer } from './consul-answer.js';
import type { ConsulClient } from './consul-client.js';
import { MOST_READS } from './consul-connection.js';
import { decodeInstance, goDuration } from './consul-codec.js';
import { notConsul, refusal } from './consul-errors.js';
import type { ConsulTarget } from './consul-options.js';
import { consulPath } from './consul-path.js';

const operation = 'discover';

/** A list that is longer is none of a service: 32 MiB hold half as many entries of a usual size. */
const MOST_INSTANCES = 100_000;

/** Reads the catalog, by blocking queries. */
export class ConsulDiscovery implements Discovery {
  readonly traits: DiscoveryTraits;
  readonly #client: ConsulClient;
  readonly #target: ConsulTarget;

  constructor(client: ConsulClient, target: ConsulTarget) {
    this.#client = client;
    this.#target = target;
    this.traits = { datacenters: true, longPolls: MOST_READS, scope: scopeOf(target) };
  }

  async poll(
    service: string,
    cursor: Cursor | undefined,
    signal: AbortSignal,
    { datacenter }: ReadOptions = {},
  ): Promise<Listing> {
    const isLongPoll = cursor !== undefined && cursor !== ANEW;
    const path = consulPath('/health/service/', service, {}, this.#target, {
      ...(datacenter !== undefined && { dc: datacenter }),
      ...(isLongPoll && { index: cursor, wait: goDuration(this.#target.timeouts.pollMs) }),
    });
    const answer = await this.#client.send(
      { operation, method: 'GET', path, pool: isLongPoll ? 'read' : 'call', cap: 'list' },
      signal,
    );
    if (answer.status !== 200) throw refusal(answer, operation, this.#client.shown);
    const next = nextCursor(cursor, answer);
    const instances = await this.#decode(answer, signal);
    return {
      instances,
      cursor: next,
      ...(next === ANEW && { restarted: true }),
      ...(hasNoLeader(answer) && { stale: true }),
    };
  }

  async #decode({ body }: WholeAnswer, signal: AbortSignal): Promise<DiscoveredInstance[]> {
    const instances: DiscoveredInstance[] = [];
    const visit = (entry: unknown, key: string | undefined) => {
      if (key !== undefined) throw new TypeError('it is not a list');
      if (instances.length === MOST_INSTANCES)
        throw new TypeError(`it lists more than ${String(MOST_INSTANCES)} instances`);
      instances.push(decodeInstance(entry));
    };
    try {
      await visitSlicedJson(body, { longest: this.#target.caps.look.bytes }, visit, signal);
      return instances;
    } catch (cause) {
      signal.throwIfAborted();
      throw notConsul(operation, this.#client.shown, cause);
    }
  }
}

/** Empty for the usual one. */
function scopeOf({ partition = '', namespace = '' }: ConsulTarget): string {
  return partition === '' && namespace === '' ? '' : `${partition}/${namespace}`;
}

/** The cursor after an index that fell: the next poll is answered at once. */
const ANEW = '0';
/** An index of a real agent; one of more digits would be rounded. */
const INDEX = /^\d{1,15}$/;

/**
 * The cursor for the next poll. An index below 1 counts as 1, because with a lower one polls would never block, and so
 * does what is no index, which the agent would refuse. When the index falls, as after a restore, the watch starts over,
 * because a poll with the old index would never see a change.
 */
export function nextCursor(last: Cursor | undefined, { headers }: Pick<Answer, 'headers'>): Cursor {
  const given = headers['x-consul-index'];
  const index = typeof given === 'string' && INDEX.test(given) ? Math.max(1, Number(given)) : 1;
  return last !== undefined && index < Number(last) ? ANEW : String(index);
}

/** True if the agent says so of an answer from its servers. A view that is streamed to the agent always says so. */
export function hasNoLeader({ headers }: Pick<Answer, 'headers'>): boolean {
  return headers['x-consul-knownleader'] === 'false' && headers['x-consul-query-backend'] !== 'streaming';
}
