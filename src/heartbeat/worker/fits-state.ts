import type { EventName } from '../../contracts/events.js';
import type { RegistrarState } from '../../contracts/registrar-state.js';

/** Events that imply a state. */
const impliedStates: Readonly<Partial<Record<EventName, RegistrarState>>> = {
  registered: 'registered',
  recovered: 'registered',
  lost: 'recovering',
};

/** False for an event of the worker that arrives too late: the state has changed since. */
export function fitsState(event: EventName, state: RegistrarState): boolean {
  const implied = impliedStates[event];
  return implied === undefined || implied === state;
}
