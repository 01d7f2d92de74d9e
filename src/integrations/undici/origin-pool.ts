import { EventEmitter } from 'node:events';
import type { DispatchOptions, Handler } from './dispatching.js';

/** An `Agent` of undici, as far as it is used here. */
export interface AgentLike extends EventEmitter {
  dispatch(options: DispatchOptions, handler: Handler): boolean;
  close(): Promise<void>;
  destroy(error?: Error | null): Promise<void>;
  /** Of the origins that it has connections to. */
  readonly stats?: object;
}

/**
 * The connections to one origin, for the `factory` of an Agent: an Agent of the same copy of undici, which can be
 * replaced. `owner` is the Agent that asked for it, and `open` makes the one inside.
 */
export class OriginPool extends EventEmitter {
  readonly #owner: EventEmitter;
  readonly #open: () => AgentLike;
  readonly #onClosed: () => void;
  /** Their requests finish. */
  readonly #retired = new Set<AgentLike>();
  #agent: AgentLike | undefined;
  #connections = 0;
  #isClosed = false;

  constructor(owner: EventEmitter, open: () => AgentLike, onClosed: () => void) {
    super();
    this.#owner = owner;
    this.#open = open;
    this.#onClosed = onClosed;
  }

  get destroyed(): boolean {
    return this.#isClosed;
  }

  dispatch(options: DispatchOptions, handler: Handler): boolean {
    return (this.#agent ??= this.#begin()).dispatch(options, handler);
  }

  /** Closes idle connections at once and the others after their requests; later requests get new ones. */
  retire(): void {
    const agent = this.#agent;
    this.#agent = undefined;
    if (agent !== undefined) void this.#retire(agent);
  }

  async close(): Promise<void> {
    this.#end();
    this.retire();
    await Promise.all([...this.#retired].map((agent) => agent.close().catch(() => undefined)));
  }

  async destroy(error?: Error | null): Promise<void> {
    this.#end();
    this.retire();
    await Promise.all([...this.#retired].map((agent) => agent.destroy(error ?? null)));
  }

  #end(): void {
    this.#isClosed = true;
    this.#onClosed();
  }

  async #retire(agent: AgentLike): Promise<void> {
    this.#retired.add(agent);
    // One that was destroyed meanwhile is closed too.
    await agent.close().catch(() => undefined);
    this.#retired.delete(agent);
  }

  #begin(): AgentLike {
    const agent = this.#open();
    agent.on('drain', (origin: unknown, targets: readonly unknown[]) => this.emit('drain', origin, targets.slice(1)));
    agent.on('connect', (origin: unknown, targets: readonly unknown[]) => {
      this.#connections += 1;
      this.#tell('connect', origin, targets);
    });
    agent.on('disconnect', (origin: unknown, targets: readonly unknown[], error: unknown) => {
      this.#connections -= 1;
      this.#lost('disconnect', origin, targets, error);
    });
    agent.on('connectionError', (origin: unknown, targets: readonly unknown[], error: unknown) => {
      this.#lost('connectionError', origin, targets, error);
    });
    return agent;
  }

  /**
   * The owner closes a pool of this kind at the first connection that it hears to be lost, so it hears of the last one
   * only; those who listen to the owner hear of all.
   */
  #lost(event: 'disconnect' | 'connectionError', origin: unknown, targets: readonly unknown[], error: unknown): void {
    if (this.#isUnused) this.emit(event, origin, targets.slice(1), error);
    else this.#tell(event, origin, targets, error);
  }

  #tell(event: string, origin: unknown, targets: readonly unknown[], error?: unknown): void {
    this.#owner.emit(event, origin, [this.#owner, ...targets.slice(1)], error);
  }

  get #isUnused(): boolean {
    const agents = [...this.#retired, ...(this.#agent === undefined ? [] : [this.#agent])];
    return this.#connections === 0 && agents.every(({ stats }) => Object.keys(stats ?? {}).length === 0);
  }
}
