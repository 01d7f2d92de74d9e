import { serializeError } from '../../core/error-serialization.js';
import { StateMachine } from '../../telemetry/state-machine.js';
import type { Transition } from '../../contracts/registrar-state.js';
import { Events } from '../../telemetry/events.js';
import type { EventName, RegistrarEvents } from '../../contracts/events.js';
import type { WorkerEvent } from './messages.js';

type Say = (account: WorkerEvent) => void;

/**
 * Events that are forwarded to the main thread, where the host listens. `beforeEach` runs first; when it returns
 * false, the event stays in the worker.
 */
export class ForwardingEvents extends Events {
  readonly #say: Say;
  readonly #beforeEach: (event: EventName) => boolean;

  constructor(say: Say, beforeEach: (event: EventName) => boolean) {
    super(() => undefined);
    this.#say = say;
    this.#beforeEach = beforeEach;
  }

  override emit<N extends EventName>(event: N, payload: RegistrarEvents[N]): void {
    super.emit(event, payload);
    // The main thread's state machine emits state changes itself.
    if (event === 'state' || !this.#beforeEach(event)) return;
    const { error, ...plain } = payload as { error?: Error };
    this.#say({ kind: 'emitted', event, payload: plain, ...(error && { error: serializeError(error) }) });
  }
}

/**
 * A state machine whose transitions are forwarded to the main thread's. It begins in `waiting`, when the instance is
 * ready to register.
 */
export class ForwardingStateMachine extends StateMachine {
  readonly #say: Say;

  constructor(events: Events, say: Say) {
    super(events);
    super.transition('start');
    this.#say = say;
  }

  override transition(transition: Transition): boolean {
    const moved = super.transition(transition);
    if (moved) this.#say({ kind: 'moved', transition });
    return moved;
  }
}
