/**
 * Where an instance is in its life. `waiting`: for the server to listen, the readiness gate to open and the id to be free; `recovering`: not
 * listed although it should be; `draining`: leaving, then serving what still comes; `failed`: no retry can mend it.
 */
export type RegistrarState =
  'idle' | 'waiting' | 'registering' | 'registered' | 'recovering' | 'draining' | 'stopped' | 'failed';

/** What can happen to it. */
export type Transition =
  'start' | 'ready' | 'listed' | 'missed' | 'lost' | 'conflict' | 'provisional' | 'stop' | 'drained' | 'fail';

/** The whole life as data: a pair that is not here cannot happen. */
export const transitions: Readonly<Record<RegistrarState, Readonly<Partial<Record<Transition, RegistrarState>>>>> = {
  idle: { start: 'waiting', stop: 'draining', fail: 'failed' },
  // The registry may be down before it could be asked whether the id is free.
  waiting: { ready: 'registering', missed: 'recovering', stop: 'draining', fail: 'failed' },
  // A first try that fails is an outage like any other: boot and runtime share one way back.
  // Where only this host sees it an entry is kept, but nobody else is served by it.
  registering: {
    listed: 'registered',
    missed: 'recovering',
    provisional: 'recovering',
    stop: 'draining',
    fail: 'failed',
  },
  registered: { lost: 'recovering', stop: 'draining' },
  recovering: { listed: 'registered', conflict: 'waiting', stop: 'draining', fail: 'failed' },
  draining: { drained: 'stopped' },
  failed: { stop: 'draining' },
  stopped: {},
};
