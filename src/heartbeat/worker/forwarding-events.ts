import { serializeError } from '../../core/error-serialization.js';
import { StateMachine } from '../../telemetry/state-machine.js';
import type { Transition } from '../../contracts/registrar-state.js';
import { Events } from '../../telemetry/events.js';
import type { EventName, RegistrarEvents } from '../../contracts/events.js';
import type { WorkerEvent } from './messages.js';

type Say = (account: WorkerEvent) => void;

/** Events that are told in the main thread as well, where the host listens. `beforeEach` comes first each time; what it says no to stays here. */
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
    // A state is told by the machine that it belongs to.
    if (event === 'state' || !this.#beforeEach(event)) return;
    const { error, ...plain } = payload as { error?: Error };
    this.#say({ kind: 'told', event, payload: plain, ...(error && { error: serializeError(error) }) });
  }
}

/** A machine whose moves the main thread's is told to make. It begins where an instance is ready to be registered. */
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
