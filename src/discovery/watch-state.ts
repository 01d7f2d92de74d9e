/**
 * The state of a watch. `connecting`: no answer yet; `live`: the last poll was answered, and the next one is under way;
 * `stale`: the last poll failed, or its answer came without a leader.
 */
export type WatchState = 'connecting' | 'live' | 'stale' | 'closed';

/** What can happen to a watch. */
export type WatchTransition = 'answered' | 'failed' | 'close';

/** The transition table: a pair that is missing here changes nothing. */
export const watchTransitions: Readonly<Record<WatchState, Readonly<Partial<Record<WatchTransition, WatchState>>>>> = {
  connecting: { answered: 'live', failed: 'stale', close: 'closed' },
  live: { failed: 'stale', close: 'closed' },
  stale: { answered: 'live', close: 'closed' },
  closed: {},
};
