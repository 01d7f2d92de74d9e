import type { Clock } from '../core/clock.js';
import { formatDuration } from '../core/duration.js';
import type { Events } from '../telemetry/events.js';

/** How long a host may take to end the process after the stop. */
const ALIVE_AFTER_MS = 5_000;
const MOST_KINDS = 10;

export interface SurvivalPlan {
  /** What the stop came from, e.g. `SIGTERM`. */
  readonly reason: string;
  readonly clock: Clock;
  readonly events: Events;
  /** The kinds of resources that keep the event loop alive. @default those of this process */
  readonly resources?: () => readonly string[];
}

/** Warns once of a process that lives on after its stop, with what keeps it alive. Never holds the process open. */
export function warnOfSurvival({ reason, clock, events, resources = activeResources }: SurvivalPlan): void {
  clock.after(ALIVE_AFTER_MS, () => {
    const since = formatDuration(ALIVE_AFTER_MS);
    const kinds = describeResources(resources());
    const message =
      `the process is still alive ${since} after its stop by ${reason}. The host listens to that signal too, so the ` +
      `host must end the process: close what keeps it alive (${kinds}), or call process.exit() after registrar.stop()`;
    events.emit('warning', { message });
  });
}

function activeResources(): readonly string[] {
  return process.getActiveResourcesInfo();
}

/** E.g. `Timeout, 3 × TCPSocketWrap`. */
export function describeResources(kinds: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const shown = [...counts].map(([kind, count]) => (count === 1 ? kind : `${String(count)} × ${kind}`));
  if (shown.length === 0) return 'nothing that Node names';
  return shown.length > MOST_KINDS ? `${shown.slice(0, MOST_KINDS).join(', ')} …` : shown.join(', ');
}
