import type { Events } from './events.js';
import { transitions } from '../contracts/registrar-state.js';
import type { RegistrarState, Transition } from '../contracts/registrar-state.js';

/** The state of one Registrar; changes only here, and only as the table of transitions allows. */
export class StateMachine {
  readonly #events: Events;
  #state: RegistrarState = 'idle';

  constructor(events: Events) {
    this.#events = events;
  }

  get state(): RegistrarState {
    return this.#state;
  }

  /**
   * Changes the state and emits `state`. Returns false if the table has no such transition, e.g. for an answer that
   * arrives too late.
   */
  transition(transition: Transition): boolean {
    const from = this.#state;
    const to = transitions[from][transition];
    if (to === undefined) return false;
    this.#state = to;
    this.#events.emit('state', { from, to });
    return true;
  }
}
