import { serializeError } from '../../core/error-serialization.js';
import { presented } from '../../core/presented.js';
import { StateMachine } from '../../telemetry/state-machine.js';
import type { Transition } from '../../contracts/registrar-state.js';
import { Events } from '../../telemetry/events.js';
import type { EventName, RegistrarEvents } from '../../contracts/events.js';
import type { WorkerEvent } from './messages.js';

type Post = (event: WorkerEvent) => void;

/**
 * Events that are forwarded to the main thread, where the host listens. `beforeEach` runs first; when it returns
 * false, the event stays in the worker.
 */
export class ForwardingEvents extends Events {
  readonly #post: Post;
  readonly #beforeEach: (event: EventName) => boolean;

  constructor(post: Post, beforeEach: (event: EventName) => boolean) {
    super(() => undefined);
    this.#post = post;
    this.#beforeEach = beforeEach;
  }

  override emit<N extends EventName>(event: N, payload: RegistrarEvents[N]): void {
    super.emit(event, payload);
    // The main thread's state machine emits state changes itself.
    if (event === 'state' || !this.#beforeEach(event)) return;
    const { error, ...plain } = payload as { error?: Error };
    this.#post({ kind: 'emitted', event, payload: presented(plain), ...(error && { error: serializeError(error) }) });
  }
}

/**
 * A state machine whose transitions are forwarded to the main thread's. It begins in `waiting`, when the instance is
 * ready to register.
 */
export class ForwardingStateMachine extends StateMachine {
  readonly #post: Post;

  constructor(events: Events, post: Post) {
    super(events);
    super.transition('start');
    this.#post = post;
  }

  override transition(transition: Transition): boolean {
    const moved = super.transition(transition);
    if (moved) this.#post({ kind: 'moved', transition });
    return moved;
  }
}
