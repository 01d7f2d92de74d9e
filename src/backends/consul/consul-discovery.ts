import type { Cursor, DiscoveredInstance, Discovery } from '../../contracts/discovery.js';
import type { Answer } from './consul-answer.js';
import type { ConsulClient } from './consul-client.js';
import { decodeInstances, goDuration } from './consul-codec.js';
import { notConsul, refusal } from './consul-errors.js';
import type { ConsulTarget } from './consul-options.js';
import { consulPath } from './consul-path.js';

const operation = 'discover';

/** Reads the catalog, by blocking queries. */
export class ConsulDiscovery implements Discovery {
  readonly #client: ConsulClient;
  readonly #target: ConsulTarget;

  constructor(client: ConsulClient, target: ConsulTarget) {
    this.#client = client;
    this.#target = target;
  }

  async poll(
    service: string,
    cursor: Cursor | undefined,
    signal: AbortSignal,
  ): Promise<{ instances: DiscoveredInstance[]; cursor: Cursor }> {
    const isLongPoll = cursor !== undefined && cursor !== '0';
    const path = consulPath(
      '/health/service/',
      service,
      {},
      this.#target,
      isLongPoll ? { index: cursor, wait: goDuration(this.#target.timeouts.pollMs) } : {},
    );
    const answer = await this.#client.send(
      { operation, method: 'GET', path, pool: isLongPoll ? 'poll' : 'call' },
      signal,
    );
    if (answer.status !== 200) throw refusal(answer, operation, this.#client.shown);
    return { instances: this.#decode(answer), cursor: nextCursor(cursor, answer) };
  }

  #decode(answer: Answer): DiscoveredInstance[] {
    try {
      return decodeInstances(JSON.parse(answer.text));
    } catch (cause) {
      throw notConsul(operation, this.#client.shown, cause);
    }
  }
}

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
  return last !== undefined && index < Number(last) ? '0' : String(index);
}
