/**
 * The state of an instance. `waiting`: until the server listens, the readiness gate opens and the id is free;
 * `recovering`: not listed although it should be; `draining`: deregistering, then serving the remaining requests;
 * `failed`: no retry can mend it.
 */
export type RegistrarState =
  'idle' | 'waiting' | 'registering' | 'registered' | 'recovering' | 'draining' | 'stopped' | 'failed';

/** The events of the state machine. */
export type Transition =
  'start' | 'ready' | 'listed' | 'missed' | 'lost' | 'conflict' | 'provisional' | 'stop' | 'drained' | 'fail';

/** The transition table: a pair that is missing here cannot happen. */
export const transitions: Readonly<Record<RegistrarState, Readonly<Partial<Record<Transition, RegistrarState>>>>> = {
  idle: { start: 'waiting', stop: 'draining', fail: 'failed' },
  // `missed`: the registry is down before it can say whether the id is free.
  waiting: { ready: 'registering', missed: 'recovering', stop: 'draining', fail: 'failed' },
  // `missed`: a failed first attempt is an outage like any other. `provisional`: only this host sees the entry, so the
  // instance is not listed for others.
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
