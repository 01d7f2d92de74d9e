import type { DiscoveredInstance } from '../../contracts/discovery.js';
import { abortable } from '../../core/abort.js';
import { asError } from '../../core/errors.js';
import { processWide } from '../../core/process-wide.js';
import { ThreadCalls, threadAt } from '../../core/thread-calls.js';
import type { ChangedInstance, DiffPage, DiffReply, DiffRequest } from './consul-answer-diff.js';

/** A longer answer is parsed in the thread … */
export const LARGE_BYTES = 256 * 1024;
/** … up to this one: the thread holds what it has decoded beside the answer, and that must not take 150 MB. */
export const MOST_THREAD_BYTES = 24 * 1024 * 1024;

export interface LargeAnswer {
  readonly bytes: Buffer;
  /** The last answer, from here. */
  readonly known: readonly DiscoveredInstance[] | undefined;
  readonly longest: number;
  readonly mostInstances: number;
}

export interface TakenAnswer {
  /** The same array as the last time if nothing changed; else an unchanged instance is the same object. */
  readonly instances: DiscoveredInstance[];
  /** How long the thread took. */
  readonly costMs: number;
}

/** A list that the thread knows too. */
interface KnownList {
  readonly list: number;
  /** By slot. */
  readonly slots: (DiscoveredInstance | undefined)[];
}

/** Takes in answers of Consul that would keep the event loop busy: a thread parses them and tells what has changed. */
export class LargeAnswers {
  readonly #calls: ThreadCalls<DiffRequest, DiffReply>;
  readonly #known = new WeakMap<readonly DiscoveredInstance[], KnownList>();
  readonly #dropped = new FinalizationRegistry<number>((list) => {
    this.#forget(list);
  });
  #lists = 0;

  constructor(calls: ThreadCalls<DiffRequest, DiffReply>) {
    this.#calls = calls;
  }

  /**
   * Resolves to undefined if there is no thread. Rejects with the signal's reason, when the thread ends, or with a
   * `TypeError` or `SyntaxError` if the answer is not Consul's.
   */
  async take({ bytes, known, ...limits }: LargeAnswer, signal: AbortSignal): Promise<TakenAnswer | undefined> {
    if (!(await abortable(this.#calls.isRunning(), signal))) return undefined;
    const { list, slots } = this.#listOf(known);
    try {
      const owned = bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
      const request = { kind: 'compare', list, bytes: owned, ...limits } as const;
      let page = await this.#page(request, signal, [owned.buffer as ArrayBuffer]);
      let isChanged = false;
      for (; ; page = await this.#page({ kind: 'next', list }, signal)) {
        const changed = JSON.parse(page.changed) as readonly ChangedInstance[];
        for (const [slot, instance] of changed) slots[slot] = instance;
        for (const slot of page.removed) slots[slot] = undefined;
        isChanged ||= changed.length + page.removed.length > 0;
        if (page.isLast) break;
      }
      const instances =
        isChanged || known === undefined ? slots.flatMap((each) => each ?? []) : (known as DiscoveredInstance[]);
      this.#known.set(instances, { list, slots });
      this.#dropped.register(instances, list, instances);
      return { instances, costMs: page.costMs };
    } catch (thrown) {
      // The thread may know more of the list than was taken from it.
      this.#forget(list);
      throw asError(thrown);
    }
  }

  #listOf(known: readonly DiscoveredInstance[] | undefined): KnownList {
    const found = known && this.#known.get(known);
    if (known === undefined || found === undefined) {
      this.#lists += 1;
      return { list: this.#lists, slots: [] };
    }
    this.#known.delete(known);
    this.#dropped.unregister(known);
    return found;
  }

  async #page(request: DiffRequest, signal: AbortSignal, transfer: readonly ArrayBuffer[] = []): Promise<DiffPage> {
    const reply = await abortable(this.#calls.call(request, transfer), signal);
    if (reply === undefined) throw new Error('the worker thread gave no answer');
    if (!('fault' in reply)) return reply;
    const { why } = reply.fault;
    throw why === undefined ? new SyntaxError('it is not JSON') : new TypeError(why);
  }

  #forget(list: number): void {
    this.#calls.call({ kind: 'forget', list }).catch(() => undefined);
  }
}

/** One thread serves all readers of the process. */
export const processLargeAnswers = (): LargeAnswers =>
  processWide('consul large answers', () => {
    const start = threadAt<DiffRequest, DiffReply>(
      () => new URL('./consul-answer-worker.js', import.meta.url),
      'rollcall answers',
    );
    return new LargeAnswers(new ThreadCalls(start));
  });
