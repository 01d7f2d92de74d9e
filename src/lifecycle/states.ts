/**
 * Where an instance is in its life. `waiting`: for the server to listen and the readiness gate to open; `recovering`: not
 * listed although it should be; `draining`: leaving, then serving what still comes; `failed`: no retry can mend it.
 */
export type RegistrarState = 'idle' | 'waiting' | 'registering' | 'registered' | 'recovering' | 'draining' | 'stopped' | 'failed';

/** What can happen to it. */
export type Transition = 'start' | 'ready' | 'listed' | 'missed' | 'lost' | 'stop' | 'drained' | 'fail';

/** The whole life as data: a pair that is not here cannot happen. */
export const transitions: Readonly<Record<RegistrarState, Readonly<Partial<Record<Transition, RegistrarState>>>>> = {
  idle: { start: 'waiting', stop: 'draining', fail: 'failed' },
  waiting: { ready: 'registering', stop: 'draining', fail: 'failed' },
  // A first try that fails is an outage like any other: boot and runtime share one way back.
  registering: { listed: 'registered', missed: 'recovering', stop: 'draining', fail: 'failed' },
  registered: { lost: 'recovering', stop: 'draining' },
  recovering: { listed: 'registered', stop: 'draining', fail: 'failed' },
  draining: { drained: 'stopped' },
  failed: { stop: 'draining' },
  stopped: {},
};
