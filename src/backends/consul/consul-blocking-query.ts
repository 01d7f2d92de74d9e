import type { Cursor } from '../../contracts/discovery.js';
import { visitSlicedJson } from '../../core/sliced-json.js';
import type { JsonVisitor } from '../../core/sliced-json.js';
import type { Answer, WholeAnswer } from './consul-answer.js';
import type { ConsulClient } from './consul-client.js';
import { goDuration } from './consul-codec.js';
import { notConsul, refusal } from './consul-errors.js';
import type { ConsulTarget } from './consul-options.js';

const operation = 'discover';

export interface QueryAnswer {
  readonly answer: WholeAnswer;
  /** For the next query. */
  readonly cursor: Cursor;
  /** The index fell: the agent's history began anew. */
  readonly restarted: boolean;
}

/** Reads lists for readers, by blocking queries where there is a cursor. */
export class BlockingQueries {
  readonly #client: ConsulClient;
  readonly #target: ConsulTarget;

  constructor(client: ConsulClient, target: ConsulTarget) {
    this.#client = client;
    this.#target = target;
  }

  /** `pathOf` adds the parameters of the query to its path. */
  async send(
    pathOf: (query: Readonly<Record<string, string>>) => string,
    cursor: Cursor | undefined,
    signal: AbortSignal,
  ): Promise<QueryAnswer> {
    const isLongPoll = cursor !== undefined && cursor !== ANEW;
    const path = pathOf(isLongPoll ? { index: cursor, wait: goDuration(this.#target.timeouts.pollMs) } : {});
    const answer = await this.#client.send(
      { operation, method: 'GET', path, pool: isLongPoll ? 'read' : 'call', cap: 'list' },
      signal,
    );
    if (answer.status !== 200) throw refusal(answer, operation, this.#client.shown);
    const next = nextCursor(cursor, answer);
    return { answer, cursor: next, restarted: next === ANEW };
  }

  /** Parses an answer in slices. A throw of `visit` means that it is not Consul's. */
  async visit({ body }: WholeAnswer, visit: JsonVisitor, signal: AbortSignal): Promise<void> {
    try {
      await visitSlicedJson(body, { longest: this.#target.caps.look.bytes }, visit, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw notConsul(operation, this.#client.shown, cause);
    }
  }
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
