import type { Clock } from '../core/clock.js';
import type { Credentials } from '../contracts/credentials.js';
import { watchCredentials } from '../credentials/watch-credentials.js';
import type { Events } from '../telemetry/events.js';
import { printable } from '../core/printable.js';

const LONGEST_PROBLEM = 1_000;

export interface CredentialsPlan {
  /** Of everything that the Registrar talks to; undefined: it has none. */
  readonly credentials: readonly (Credentials | undefined)[];
  readonly clock: Clock;
  readonly events: Events;
  /** Others are in use from now on. */
  readonly onChange: () => void;
}

/** Follows the files that secrets are in until the Registrar has stopped, and tells what cannot be used, once a problem: they may come in the middle of a stop, too. */
export function followCredentials({ credentials, clock, events, onChange }: CredentialsPlan): void {
  for (const each of credentials) {
    if (each === undefined) continue;
    const told = new Set<string>();
    const end = watchCredentials(each, clock, ({ changed, problems }) => {
      if (changed) onChange();
      if (problems.length === 0) told.clear();
      for (const problem of problems) {
        if (told.has(problem)) continue;
        told.add(problem);
        events.emit('warning', { message: printable(problem, LONGEST_PROBLEM) });
      }
    });
    events.on('stopped', end);
  }
}
