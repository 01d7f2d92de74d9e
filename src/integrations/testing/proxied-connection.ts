import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { FaultQueue } from './fault-queue.js';
import type { Fault } from './fault-queue.js';

/** A client's connection and its connection to the server. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #requests: FaultQueue;
  readonly #answers: FaultQueue;
  #awaitingAnswer = false;

  constructor(
    client: Socket,
    target: { readonly host: string; readonly port: number },
    clock: Clock,
    fault: () => Fault,
    onClosed: () => void,
  ) {
    const upstream = connect({ ...target, noDelay: true });
    this.#client = client.setNoDelay(true);
    this.#upstream = upstream;
    this.#requests = new FaultQueue('request', client, upstream, clock, fault);
    this.#answers = new FaultQueue('answer', upstream, client, clock, fault);

    client.on('data', (bytes) => {
      this.#awaitingAnswer = true;
      this.#answers.beginAnswer();
      this.#requests.push(bytes);
    });
    upstream.on('data', (bytes) => {
      this.#awaitingAnswer = false;
      this.#answers.push(bytes);
    });
    client.on('close', () => {
      this.#awaitingAnswer = false;
      this.#answers.stop();
      this.#closeUpstream();
    });
    upstream.on('close', (failed) => {
      this.#requests.stop();
      if (!client.destroyed) this.#answers.push(failed ? 'reset' : 'end');
    });
    for (const socket of [client, upstream]) {
      // Ignored, because 'close' follows every error.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (client.destroyed && upstream.destroyed) onClosed();
      });
    }
  }

  /** True if the client has sent bytes since the last answer. */
  get awaitingAnswer(): boolean {
    return this.#awaitingAnswer;
  }

  /** Forwards what a changed fault allows. */
  flush(): void {
    this.#requests.flush();
    this.#answers.flush();
  }

  /** Ends it with a TCP reset to the client and discards queued bytes. */
  reset(): void {
    this.#client.resetAndDestroy();
    this.destroy();
  }

  destroy(): void {
    this.#requests.stop();
    this.#answers.stop();
    this.#client.destroy();
    this.#upstream.destroy();
  }

  /** Closes the server's connection once the server has answered the request that is still queued, if any. */
  #closeUpstream(): void {
    if (!this.#requests.isWaiting) {
      this.#upstream.destroy();
      return;
    }
    this.#upstream.once('data', () => this.#upstream.destroy());
  }
}
