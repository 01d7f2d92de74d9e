import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { Lane } from './fault-lane.js';
import type { Fault } from './fault-lane.js';

/** One client's connection and the one to the server that belongs to it. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #requests: Lane;
  readonly #answers: Lane;
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
    this.#requests = new Lane('request', client, upstream, clock, fault);
    this.#answers = new Lane('answer', upstream, client, clock, fault);

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
      this.#leaveUpstream();
    });
    upstream.on('close', (failed) => {
      this.#requests.stop();
      if (!client.destroyed) this.#answers.push(failed ? 'reset' : 'end');
    });
    for (const socket of [client, upstream]) {
      // 'close' says all there is to say.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (client.destroyed && upstream.destroyed) onClosed();
      });
    }
  }

  /** The client has sent something and nothing has come back since. */
  get awaitingAnswer(): boolean {
    return this.#awaitingAnswer;
  }

  /** The fault has changed. */
  flush(): void {
    this.#requests.flush();
    this.#answers.flush();
  }

  /** Ends it with a TCP reset towards the client; what was held is lost. */
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

  /** What was already on its way when the client left still arrives, however late: the server gets time to read and answer it. */
  #leaveUpstream(): void {
    if (!this.#requests.placement) {
      this.#upstream.destroy();
      return;
    }
    this.#upstream.once('data', () => this.#upstream.destroy());
  }
}
