import type { ActiveRegistration } from '../active-registration.js';
import { readTime, sharedTimes, writeTime } from './shared-times.js';
import type { SharedTimes } from './shared-times.js';

type LastBeat = Pick<ActiveRegistration, 'beatAt' | 'sentAt' | 'roundTripMs' | 'ttlMs'>;

/** Room for the times of the last heartbeat, shared by both threads. */
export function sharedLastBeat(): SharedTimes {
  return sharedTimes(4);
}

export function writeLastBeat(times: SharedTimes, { beatAt, sentAt, roundTripMs, ttlMs }: LastBeat): void {
  [beatAt, beatAt + ttlMs, sentAt, sentAt + roundTripMs].forEach((time, index) => writeTime(times, index, time));
}

/** The times as the other thread wrote them; `now` is of the same clock. */
export function readLastBeat(times: SharedTimes, now: number): LastBeat {
  const [beatAt, sentAt] = [readTime(times, 0, now), readTime(times, 2, now)];
  return { beatAt, ttlMs: readTime(times, 1, now) - beatAt, sentAt, roundTripMs: readTime(times, 3, now) - sentAt };
}
