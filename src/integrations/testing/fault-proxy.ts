import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import { HttpRewriter } from './http-rewriter.js';
import type { InterceptHook, RewriteHook } from './http-rewriter.js';
import type { Fault, Side } from './fault-lane.js';
import { ProxiedConnection } from './proxied-connection.js';

export interface FaultProxyOptions {
  /** The server to stand in front of. */
  readonly target: { readonly host: string; readonly port: number };
  /** Where to listen. @default '127.0.0.1' */
  readonly host?: string;
  /** @default 0: any free one */
  readonly port?: number;
  /** Measures delays and drips. @default the real one */
  readonly clock?: Clock;
}

/** Starts a proxy that passes everything on; resolves once it listens. Rejects when it cannot. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options);
  await proxy.pass();
  return proxy;
}

/**
 * A TCP proxy that makes the network as bad as a test needs it. One fault at a time: each method replaces the one before and
 * resolves once it is in force, for open connections as well as for new ones.
 */
export class FaultProxy {
  readonly host: string;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #clock: Clock;
  readonly #connections = new Set<ProxiedConnection>();
  #port: number;
  #listener: Server | undefined;
  #rewriter: HttpRewriter | undefined;
  #fault: Fault = { kind: 'pass' };
  #total = 0;

  /** Listens only from the first `pass()` on: use `startFaultProxy`. */
  constructor({ target, host = '127.0.0.1', port = 0, clock = systemClock }: FaultProxyOptions) {
    this.host = host;
    this.#target = target;
    this.#port = port;
    this.#clock = clock;
  }

  /** Where it listens; stays the same while it refuses. */
  get port(): number {
    return this.#port;
  }

  /** For a target that speaks HTTP. */
  get url(): string {
    return `http://${this.host}:${this.#port}`;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Connections accepted so far. */
  get connectionsTotal(): number {
    return this.#total;
  }

  /** Connections on which something was sent to the server and nothing has come back since: requests in flight. */
  get inFlight(): number {
    return [...this.#connections].filter((connection) => connection.awaitingAnswer).length;
  }

  /** No fault. What a delay or a stall held back goes on its way, also that of a client which has left. */
  pass(): Promise<void> {
    return this.#set({ kind: 'pass' });
  }

  /** Everything arrives so many ms later; a number counts for each direction. */
  delay(ms: number | { readonly requestMs?: number; readonly answerMs?: number }): Promise<void> {
    const { requestMs = 0, answerMs = 0 } = typeof ms === 'number' ? { requestMs: ms, answerMs: ms } : ms;
    return this.#set({ kind: 'delay', requestMs, answerMs });
  }

  /** Connections are accepted and everything in this direction is held until another fault. @default both directions */
  stall(side: Side | 'both' = 'both'): Promise<void> {
    return this.#set({ kind: 'stall', side });
  }

  /** As if the server's process were gone: open connections are reset, new ones refused. */
  refuse(): Promise<void> {
    return this.#set({ kind: 'refuse' });
  }

  /** Open connections are reset (RST), new ones as soon as they are accepted. */
  reset(): Promise<void> {
    return this.#set({ kind: 'reset' });
  }

  /** The connection ends after so many bytes of an answer, headers included. A shorter answer passes. */
  cut(afterBytes: number): Promise<void> {
    return this.#set({ kind: 'cut', afterBytes });
  }

  /** Answers come in pieces of so many bytes. @default a byte every 50 ms */
  drip({ bytes = 1, everyMs = 50 }: { readonly bytes?: number; readonly everyMs?: number } = {}): Promise<void> {
    return this.#set({ kind: 'drip', bytes, everyMs });
  }

  /** Changes what an HTTP server answers, whatever the fault; undefined ends it. Open connections are reset at first use, so that none goes past it. */
  async rewrite(hook: RewriteHook | undefined): Promise<void> {
    (await this.#rewriting()).rewrite = hook;
  }

  /** Answers HTTP requests in the server's place, whatever the fault; undefined ends it. Open connections are reset at first use, so that none goes past it. */
  async intercept(hook: InterceptHook | undefined): Promise<void> {
    (await this.#rewriting()).intercept = hook;
  }

  /** Ends every connection and stops listening. */
  async close(): Promise<void> {
    const closed = this.#stopListening();
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([closed, this.#rewriter?.close()]);
  }

  async #set(fault: Fault): Promise<void> {
    this.#fault = fault;
    const closed = fault.kind === 'refuse' ? this.#stopListening() : undefined;
    for (const connection of this.#connections) {
      if (fault.kind === 'refuse' || fault.kind === 'reset') connection.reset();
      else connection.flush();
    }
    await closed;
    if (fault.kind !== 'refuse' && this.#listener === undefined) await this.#listen();
  }

  #listen(): Promise<void> {
    const listener = createServer((client) => {
      this.#total += 1;
      if (this.#fault.kind === 'reset') {
        client.on('error', () => undefined).resetAndDestroy();
        return;
      }
      const connection = new ProxiedConnection(
        client,
        this.#rewriter?.address ?? this.#target,
        this.#clock,
        () => this.#fault,
        () => {
          this.#connections.delete(connection);
        },
      );
      this.#connections.add(connection);
    });
    this.#listener = listener;
    return new Promise((resolve, reject) => {
      listener.once('error', (error) => {
        this.#listener = undefined;
        reject(error);
      });
      listener.listen(this.#port, this.host, () => {
        this.#port = (listener.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  #stopListening(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    return new Promise((resolve) => {
      if (listener === undefined) resolve();
      else listener.close(() => resolve());
    });
  }

  async #rewriting(): Promise<HttpRewriter> {
    if (this.#rewriter === undefined) {
      this.#rewriter = await HttpRewriter.start(this.#target);
      for (const connection of this.#connections) connection.reset();
    }
    return this.#rewriter;
  }
}
