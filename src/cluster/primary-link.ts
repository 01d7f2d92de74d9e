import { RegistryUnavailableError } from '../core/errors.js';
import { abortable } from '../core/abort.js';
import type { Channel } from './channel.js';
import { seal, unseal } from './messages.js';
import type { Answer, FromWorker, Request, ToWorker } from './messages.js';

export interface LinkPlan {
  readonly channel: Channel;
  /** Name of the service. */
  readonly service: string;
  /** The primary stops the whole instance. */
  readonly onStop: () => void;
}

/** A worker's side of its talk with the primary about one service. */
export class PrimaryLink {
  readonly #plan: LinkPlan;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #endListening: () => void;
  #asked = 0;
  #isHere = false;
  #onHere: () => void = () => undefined;

  /** Resolves when the primary has said that it speaks for the service, which may be never. */
  readonly here = new Promise<void>((resolve) => {
    this.#onHere = resolve;
  });

  constructor(plan: LinkPlan) {
    this.#plan = plan;
    this.#endListening = plan.channel.listen((message) => {
      const told = unseal(plan.service, message);
      if (told !== undefined) this.#hear(told as ToWorker);
    });
  }

  get isHere(): boolean {
    return this.#isHere;
  }

  /** A primary that has gone takes what it held with it. */
  get isOpen(): boolean {
    return this.#plan.channel.isOpen();
  }

  hello(): void {
    this.#send({ kind: 'hello' });
  }

  /** Rejects with the signal's reason, and when the primary has gone. */
  async ask(request: Request, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const number = (this.#asked += 1);
    const answered = new Promise<Answer>((resolve) => {
      this.#waiting.set(number, resolve);
    });
    try {
      if (!this.#send({ kind: 'request', number, request }))
        throw new RegistryUnavailableError('the primary of the cluster is gone', {
          registry: 'primary',
          operation: request.verb,
        });
      return await abortable(answered, signal);
    } finally {
      this.#waiting.delete(number);
    }
  }

  close(): void {
    this.#endListening();
  }

  #hear(told: ToWorker): void {
    switch (told.kind) {
      case 'here':
        this.#isHere = true;
        this.#onHere();
        break;
      case 'answer':
        this.#waiting.get(told.number)?.(told.answer);
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
