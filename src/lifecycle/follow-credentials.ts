import type { Clock } from '../core/clock.js';
import type { Credentials } from '../contracts/credentials.js';
import { watchCredentials } from '../credentials/watch-credentials.js';
import type { Events } from '../telemetry/events.js';
import { printable } from '../core/printable.js';

const LONGEST_PROBLEM = 1_000;

export interface CredentialsPlan {
  /** The credentials of the registry and the config source; undefined where there are none. */
  readonly credentials: readonly (Credentials | undefined)[];
  readonly clock: Clock;
  readonly events: Events;
  /** Called when new credentials are in use. */
  readonly onChange: () => void;
}

/**
 * Follows credential files until the Registrar has stopped, since a stop needs fresh ones too. Warns once of each
 * file that cannot be used.
 */
export function followCredentials({ credentials, clock, events, onChange }: CredentialsPlan): void {
  for (const each of credentials) {
    if (each === undefined) continue;
    const reported = new Set<string>();
    const end = watchCredentials(each, clock, ({ changed, problems }) => {
      if (changed) onChange();
      if (problems.length === 0) reported.clear();
      for (const problem of problems) {
        if (reported.has(problem)) continue;
        reported.add(problem);
        events.emit('warning', { message: printable(problem, LONGEST_PROBLEM) });
      }
    });
    events.on('stopped', end);
  }
}
