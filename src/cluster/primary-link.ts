import { RegistryUnavailableError } from '../core/errors.js';
import { abortable } from '../core/abort.js';
import type { Channel } from './channel.js';
import { seal } from './messages.js';
import type { Answer, FromWorker, Request, ToWorker } from './messages.js';
import { readToWorker } from './read-message.js';

export interface LinkPlan {
  readonly channel: Channel;
  /** Name of the service. */
  readonly service: string;
  /** Called when the primary stops the whole instance. */
  readonly onStop: () => void;
}

/** The worker's end of the conversation with the primary about one service. */
export class PrimaryLink {
  readonly #plan: LinkPlan;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #endListening: () => void;
  #requests = 0;
  #isHere = false;
  #onHere: () => void = () => undefined;

  /** Resolves when the primary confirms that it coordinates the service, which may never happen. */
  readonly here = new Promise<void>((resolve) => {
    this.#onHere = resolve;
  });

  constructor(plan: LinkPlan) {
    this.#plan = plan;
    this.#endListening = plan.channel.listen((message) => {
      const received = readToWorker(plan.service, message);
      if (received !== undefined) this.#hear(received);
    });
  }

  get isHere(): boolean {
    return this.#isHere;
  }

  /** Whether the channel is open; a primary that has gone has lost its state. */
  get isOpen(): boolean {
    return this.#plan.channel.isOpen();
  }

  hello(): void {
    this.#send({ kind: 'hello' });
  }

  /**
   * Resolves to the answer. Rejects with the signal's reason, or with `RegistryUnavailableError` when the primary has
   * gone.
   */
  async ask(request: Request, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const number = (this.#requests += 1);
    const answered = new Promise<Answer>((resolve) => {
      this.#waiting.set(number, resolve);
    });
    try {
      if (!this.#send({ kind: 'request', number, request }))
        throw new RegistryUnavailableError(
          'the primary of the cluster has gone and this worker cannot register without it: restart the cluster',
          {
            registry: 'primary',
            operation: request.verb,
          },
        );
      return await abortable(answered, signal);
    } finally {
      this.#waiting.delete(number);
    }
  }

  close(): void {
    this.#endListening();
  }

  #hear(received: ToWorker): void {
    switch (received.kind) {
      case 'here':
        this.#isHere = true;
        this.#onHere();
        break;
      case 'answer':
        this.#waiting.get(received.number)?.(received.answer);
        break;
      case 'stop':
        this.#plan.onStop();
        break;
    }
  }

  #send(message: FromWorker): boolean {
    if (!this.isOpen) return false;
    this.#plan.channel.send(seal(this.#plan.service, message));
    return true;
  }
}
