import { expect, it } from 'vitest';
import { StateMachine } from '../../../src/telemetry/state-machine.js';
import { transitions } from '../../../src/contracts/registrar-state.js';
import type { RegistrarState, Transition } from '../../../src/contracts/registrar-state.js';
import { Events } from '../../../src/telemetry/events.js';

const states = Object.keys(transitions) as RegistrarState[];
const moves: Transition[] = ['start', 'ready', 'listed', 'missed', 'lost', 'stop', 'drained', 'fail'];

/** The shortest way from idle to a state, found in the table itself. */
function wayTo(target: RegistrarState): Transition[] {
  const ways = new Map<RegistrarState, Transition[]>([['idle', []]]);
  for (const [state, way] of ways) {
    for (const [move, next] of Object.entries(transitions[state]) as [Transition, RegistrarState][]) {
      if (!ways.has(next)) ways.set(next, [...way, move]);
    }
  }
  return ways.get(target) ?? [];
}

it.each(states.flatMap((state) => moves.map((move) => [state, move] as const)))(
  '%s: %s moves as the table says, or not at all',
  (state, move) => {
    const told: unknown[] = [];
    const events = new Events(() => undefined);
    const machine = new StateMachine(events);
    for (const step of wayTo(state)) machine.transition(step);
    expect(machine.state).toBe(state);
    events.on('state', (change) => told.push(change));
    const to = transitions[state][move];
    expect(machine.transition(move)).toBe(to !== undefined);
    expect(machine.state).toBe(to ?? state);
    expect(told).toEqual(to === undefined ? [] : [{ from: state, to }]);
  },
);

it('leads from every state but the last to draining or stopped, and from stopped nowhere', () => {
  for (const state of states)
    expect(state === 'stopped' || state === 'draining' || transitions[state].stop === 'draining').toBe(true);
  expect(transitions.stopped).toEqual({});
});
