import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';

/** How a register that its sender gave up ends on its way to the agent. */
export type GivenUp = 'kept open' | 'FIN' | 'RST';

/**
 * What an agent that was frozen worked off when it went on: passing heartbeats and then a critical one, or a register
 * that was given up and then a deregister.
 */
export type Story = { readonly story: 'critical' } | { readonly story: 'register'; readonly givenUp: GivenUp };

export type ThawEvent = Story & {
  /** `plain`: requests without anything after them. */
  readonly who: 'ours' | 'plain';
  readonly run: number;
  /** What the agent had to work off: passing heartbeats, or registers. */
  readonly before: number;
  readonly looks: number;
  /** Looks in which it was passing, or listed. */
  readonly wrong: number;
};

export interface ThawFigures {
  readonly critical: string;
  readonly absent: string;
  readonly plainCritical: string;
  readonly plainAbsent: string;
}

/** Heartbeats that have to be on the wire before the critical one. */
export const PASSING_BEFORE = 3;

export function judgeThaw(history: readonly ThawEvent[]): Verdict<ThawFigures> {
  const problems: string[] = [];
  const of = (who: ThawEvent['who'], story: ThawEvent['story']) =>
    history.filter((event) => event.who === who && event.story === story);
  const [critical, absent] = [of('ours', 'critical'), of('ours', 'register')];
  for (const event of [...critical, ...absent]) {
    const { before, looks, wrong } = event;
    const needed = event.story === 'critical' ? PASSING_BEFORE : 1;
    if (before < needed) problems.push(`${nameOf(event)}: ${before} on the wire of ${needed}, so it shows nothing`);
    if (looks === 0) problems.push(`${nameOf(event)}: no looks`);
    if (wrong > 0) problems.push(`${nameOf(event)}: ${wrongOf(event)} in ${wrong} of ${looks} looks`);
  }
  problems.push(...findUnmeasured({ critical: { n: critical.length }, absent: { n: absent.length } }));
  const controls = [of('plain', 'critical'), of('plain', 'register')] as const;
  for (const [at, control] of controls.entries())
    if (!control.some(({ wrong }) => wrong > 0))
      problems.push(`the control of ${['heartbeats', 'registers'][at]} did not fail: this experiment proves nothing`);
  const right = (events: readonly ThawEvent[]) =>
    `${events.filter(({ wrong }) => wrong === 0).length} of ${events.length}`;
  return {
    problems,
    figures: {
      critical: right(critical),
      absent: right(absent),
      plainCritical: right(controls[0]),
      plainAbsent: right(controls[1]),
    },
  };
}

function nameOf(event: ThawEvent): string {
  return event.story === 'critical' ? `critical, run ${event.run}` : `${event.givenUp}, run ${event.run}`;
}

function wrongOf({ story }: ThawEvent): string {
  return story === 'critical' ? 'passing' : 'listed';
}
