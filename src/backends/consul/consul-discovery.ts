import type {
  ChangeFeed,
  Cursor,
  DiscoveredInstance,
  Discovery,
  DiscoveryTraits,
  Listing,
  ReadOptions,
} from '../../contracts/discovery.js';
import { systemClock } from '../../core/clock.js';
import type { Answer, WholeAnswer } from './consul-answer.js';
import { BlockingQueries } from './consul-blocking-query.js';
import type { ConsulClient } from './consul-client.js';
import { MOST_READS } from './consul-connection.js';
import { decodeInstance } from './consul-codec.js';
import { notConsul, refusal } from './consul-errors.js';
import { consulFeeds } from './consul-feeds.js';
import { LARGE_BYTES, MOST_THREAD_BYTES, processLargeAnswers } from './consul-large-answers.js';
import { meaningOf } from './consul-meanings.js';
import type { ConsulTarget } from './consul-options.js';
import { consulPath } from './consul-path.js';

const operation = 'discover';

/** A list that is longer is none of a service: 32 MiB hold half as many entries of a usual size. */
const MOST_INSTANCES = 100_000;

/** Reads the catalog, by blocking queries. */
export class ConsulDiscovery implements Discovery {
  readonly traits: DiscoveryTraits;
  readonly feeds: readonly ChangeFeed[];
  readonly #client: ConsulClient;
  readonly #target: ConsulTarget;
  readonly #queries: BlockingQueries;

  constructor(client: ConsulClient, target: ConsulTarget) {
    this.#client = client;
    this.#target = target;
    this.#queries = new BlockingQueries(client, target);
    this.traits = { datacenters: true, longPolls: MOST_READS, scope: scopeOf(target) };
    this.feeds = consulFeeds(this.#queries, target);
  }

  async poll(
    service: string,
    cursor: Cursor | undefined,
    signal: AbortSignal,
    { datacenter, consistency, known }: ReadOptions = {},
  ): Promise<Listing> {
    const pathOf = (query: Readonly<Record<string, string>>) =>
      consulPath('/health/service/', service, {}, this.#target, {
        ...(datacenter !== undefined && { dc: datacenter }),
        ...(consistency === 'stale' && { stale: '' }),
        ...query,
      });
    const { answer, cursor: next, restarted } = await this.#queries.send(pathOf, cursor, signal);
    const taken = await this.#take(answer, known, signal);
    const staleMs = consistency === 'stale' ? lastContactMsOf(answer) : undefined;
    return {
      ...taken,
      cursor: next,
      ...(restarted && { restarted }),
      ...(hasNoLeader(answer) && { stale: true }),
      ...(staleMs !== undefined && { staleMs }),
    };
  }

  /** Any agent answers this within milliseconds, while other requests take as long as an election may. */
  async hasLeader(signal: AbortSignal): Promise<boolean> {
    const answer = await this.#client.send({ operation, method: 'GET', path: '/status/leader', pool: 'call' }, signal);
    if (answer.status === 200) return /^"[^"]/.test(answer.text);
    if (meaningOf(answer, operation).name === 'no servers') return false;
    throw refusal(answer, operation, this.#client.shown);
  }

  async #take(
    answer: WholeAnswer,
    known: ReadOptions['known'],
    signal: AbortSignal,
  ): Promise<Pick<Listing, 'instances' | 'costMs'>> {
    const { body: bytes } = answer;
    if (bytes.length <= LARGE_BYTES) return { instances: await this.#decode(answer, signal) };
    const since = systemClock.now();
    const limits = { longest: this.#target.caps.look.bytes, mostInstances: MOST_INSTANCES };
    try {
      const isForThread = bytes.length <= MOST_THREAD_BYTES;
      const taken = isForThread && (await processLargeAnswers().take({ bytes, known, ...limits }, signal));
      if (taken) return taken;
    } catch (cause) {
      if (!isShapeError(cause)) throw cause;
      throw notConsul(operation, this.#client.shown, cause);
    }
    return { instances: await this.#decode(answer, signal), costMs: systemClock.now() - since };
  }

  async #decode(answer: WholeAnswer, signal: AbortSignal): Promise<DiscoveredInstance[]> {
    const instances: DiscoveredInstance[] = [];
    const visit = (entry: unknown, key: string | undefined) => {
      if (key !== undefined) throw new TypeError('it is not a list');
      if (instances.length === MOST_INSTANCES)
        throw new TypeError(`it lists more than ${String(MOST_INSTANCES)} instances`);
      instances.push(decodeInstance(entry));
    };
    await this.#queries.visit(answer, visit, signal);
    return instances;
  }
}

function isShapeError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof SyntaxError;
}

/** Empty for the usual one. */
function scopeOf({ partition = '', namespace = '' }: ConsulTarget): string {
  return partition === '' && namespace === '' ? '' : `${partition}/${namespace}`;
}

/** True if the agent says so of an answer from its servers. A view that is streamed to the agent always says so. */
export function hasNoLeader({ headers }: Pick<Answer, 'headers'>): boolean {
  return headers['x-consul-knownleader'] === 'false' && headers['x-consul-query-backend'] !== 'streaming';
}

/** A server that never heard of a leader, or was one, says that it was centuries ago. */
const LONGEST_CONTACT_MS = 365 * 24 * 3_600_000;

/** When the server that answered last heard from a leader; undefined: it does not say. */
function lastContactMsOf({ headers }: Pick<Answer, 'headers'>): number | undefined {
  const ms = Number(headers['x-consul-lastcontact'] ?? NaN);
  return ms >= 0 && ms < LONGEST_CONTACT_MS ? ms : undefined;
}
