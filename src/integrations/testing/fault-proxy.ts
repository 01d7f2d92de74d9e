import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import { HttpRewriter } from './http-rewriter.js';
import type { InterceptHook, RewriteHook } from './http-rewriter.js';
import type { Fault, Side } from './fault-queue.js';
import { ProxiedConnection } from './proxied-connection.js';

export interface FaultProxyOptions {
  /** The server that the proxy forwards to. */
  readonly target: { readonly host: string; readonly port: number };
  /** The address to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /** The port to listen on. @default 0, any free port */
  readonly port?: number;
  /** The clock of delays and drips. @default the system clock */
  readonly clock?: Clock;
}

/** Starts a proxy without a fault. Resolves once it listens, rejects when it cannot. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options);
  await proxy.pass();
  return proxy;
}

/**
 * A TCP proxy that simulates network faults. It has one fault at a time: each method replaces the one before and
 * resolves once the fault is in effect, for open and for new connections.
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

  /** Does not listen before the first `pass()`; use `startFaultProxy`. */
  constructor({ target, host = '127.0.0.1', port = 0, clock = systemClock }: FaultProxyOptions) {
    this.host = host;
    this.#target = target;
    this.#port = port;
    this.#clock = clock;
  }

  /** The port it listens on; the same after `refuse()`. */
  get port(): number {
    return this.#port;
  }

  /** Its URL, for an HTTP server as target. */
  get url(): string {
    return `http://${this.host}:${this.#port}`;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Number of connections accepted so far. */
  get connectionsTotal(): number {
    return this.#total;
  }

  /** Number of requests in flight: connections whose last bytes came from the client. */
  get inFlight(): number {
    return [...this.#connections].filter((connection) => connection.awaitingAnswer).length;
  }

  /** Ends the fault. Forwards delayed and stalled bytes, even those of a client that has disconnected. */
  pass(): Promise<void> {
    return this.#set({ kind: 'pass' });
  }

  /** Delays all bytes by so many ms; a number applies to each direction. */
  delay(ms: number | { readonly requestMs?: number; readonly answerMs?: number }): Promise<void> {
    const { requestMs = 0, answerMs = 0 } = typeof ms === 'number' ? { requestMs: ms, answerMs: ms } : ms;
    return this.#set({ kind: 'delay', requestMs, answerMs });
  }

  /** Accepts connections, but forwards nothing in this direction until the next fault. @default both directions */
  stall(side: Side | 'both' = 'both'): Promise<void> {
    return this.#set({ kind: 'stall', side });
  }

  /** Simulates a dead server process: resets open connections and refuses new ones. */
  refuse(): Promise<void> {
    return this.#set({ kind: 'refuse' });
  }

  /** Resets (RST) open connections, and new ones as soon as it has accepted them. */
  reset(): Promise<void> {
    return this.#set({ kind: 'reset' });
  }

  /** Ends a connection after so many bytes of an answer, headers included. Forwards a shorter answer unchanged. */
  cut(afterBytes: number): Promise<void> {
    return this.#set({ kind: 'cut', afterBytes });
  }

  /** Sends answers in pieces of so many bytes. @default a byte every 50 ms */
  drip({ bytes = 1, everyMs = 50 }: { readonly bytes?: number; readonly everyMs?: number } = {}): Promise<void> {
    return this.#set({ kind: 'drip', bytes, everyMs });
  }

  /**
   * Changes the answers of an HTTP server, in addition to the fault; undefined ends that. The first call resets open
   * connections, so that the hook sees every request.
   */
  async rewrite(hook: RewriteHook | undefined): Promise<void> {
    (await this.#rewriting()).rewrite = hook;
  }

  /**
   * Answers HTTP requests instead of the server, in addition to the fault; undefined ends that. The first call resets
   * open connections, so that the hook sees every request.
   */
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
