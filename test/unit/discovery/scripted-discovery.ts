import type { Cursor, DiscoveredInstance, Discovery } from '../../../src/index.js';
import type { Listing } from '../../../src/contracts/discovery.js';
import type { FakeClock } from '../../support/fake-clock.js';

interface Poll {
  readonly cursor: Cursor | undefined;
  resolve(listing: Listing): void;
  reject(error: Error): void;
}

/** The read side of a registry that answers when the test says so. */
export class ScriptedDiscovery implements Discovery {
  polls = 0;
  readonly #clock: FakeClock;
  #open: Poll | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  poll(_service: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Listing> {
    this.polls += 1;
    return new Promise((resolve, reject) => {
      this.#open = { cursor, resolve, reject };
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  /** Of the poll under way. */
  get cursor(): Cursor | undefined {
    return this.#current.cursor;
  }

  /** Resolves once the answer has been taken. */
  async answer(
    instances: DiscoveredInstance[],
    cursor: Cursor | undefined,
    more: Partial<Listing> = {},
  ): Promise<void> {
    const poll = await this.#take();
    poll.resolve({ instances, ...(cursor !== undefined && { cursor }), ...more });
    await this.#clock.advance(0);
  }

  async fail(error: Error): Promise<void> {
    const poll = await this.#take();
    poll.reject(error);
    await this.#clock.advance(0);
  }

  get #current(): Poll {
    if (this.#open === undefined) throw new Error('there is no poll under way');
    return this.#open;
  }

  /** The poll under way, or the one that is about to begin. */
  async #take(): Promise<Poll> {
    await this.#clock.advance(0);
    const poll = this.#current;
    this.#open = undefined;
    return poll;
  }
}

/** Healthy instances with these ids. */
export function listed(...ids: string[]): DiscoveredInstance[] {
  return ids.map((id) => ({
    name: 'orders',
    id,
    nonce: `nonce of ${id}`,
    address: '10.0.0.1',
    port: 3000,
    tags: [],
    meta: {},
    status: 'passing',
  }));
}
