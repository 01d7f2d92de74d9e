import type { Events } from './events.js';
import { transitions } from '../contracts/registrar-state.js';
import type { RegistrarState, Transition } from '../contracts/registrar-state.js';

/** The state of one Registrar: the only place it changes, and only along the table. */
export class StateMachine {
  readonly #events: Events;
  #state: RegistrarState = 'idle';

  constructor(events: Events) {
    this.#events = events;
  }

  get state(): RegistrarState {
    return this.#state;
  }

  /** Moves along the table and says so. False: no such move from here, as for an answer that comes after a newer state began. */
  transition(transition: Transition): boolean {
    const from = this.#state;
    const to = transitions[from][transition];
    if (to === undefined) return false;
    this.#state = to;
    this.#events.emit('state', { from, to });
    return true;
  }
}
