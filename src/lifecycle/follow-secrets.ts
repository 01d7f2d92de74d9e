import type { Clock } from '../clock.js';
import type { Secrets } from '../resilience/secrets.js';
import { watchSecrets } from '../resilience/watch-secrets.js';
import type { Events } from '../telemetry/events.js';
import { printable } from '../telemetry/printable.js';

const LONGEST_PROBLEM = 1_000;

export interface SecretsPlan {
  /** Of everything that the Registrar talks to; undefined: it has none. */
  readonly secrets: readonly (Secrets | undefined)[];
  readonly clock: Clock;
  readonly events: Events;
  /** Others are in use from now on. */
  readonly onChange: () => void;
}

/** Follows the files that secrets are in until the Registrar has stopped, and tells what cannot be used, once a problem: they may come in the middle of a stop, too. */
export function followSecrets({ secrets, clock, events, onChange }: SecretsPlan): void {
  for (const each of secrets) {
    if (each === undefined) continue;
    const told = new Set<string>();
    const end = watchSecrets(each, clock, ({ changed, problems }) => {
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
