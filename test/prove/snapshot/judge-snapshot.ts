import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';

/** How a saved file was damaged: one bit, or a write that did not reach its end. */
export type Damage = 'bit flip' | 'torn write';

export type SnapshotEvent =
  /** Many damaged files were read. `control`: a reader that believes what can be parsed. */
  | {
      readonly event: 'damaged';
      readonly damage: Damage;
      readonly files: number;
      /** Those from which instances came. */
      readonly served: number;
      /** Those that made the reader throw. */
      readonly threw: number;
      readonly controlServed: number;
    }
  /** Undamaged files, read between the damaged ones. */
  | { readonly event: 'intact'; readonly files: number; readonly served: number }
  /** Processes were killed while they wrote without a pause; a reader looked after each. */
  | {
      readonly event: 'killed';
      readonly kills: number;
      /** After these the reader had one whole state. */
      readonly whole: number;
      /** After these it had something that was never saved. */
      readonly strange: number;
      /** After these a draft stood beside the file: the kill had hit a write. */
      readonly drafts: number;
    }
  /** What a process on a full disk did. */
  | {
      readonly event: 'full disk';
      readonly failedSaves: number;
      /** The code of the error, e.g. `ENOSPC`. */
      readonly code: string | undefined;
      readonly lookups: number;
      /** Lookups without the instances that the registry has. */
      readonly wrongLookups: number;
      /** What another process read while the disk was full. */
      readonly oldServed: boolean;
      /** The new state was saved once there was room. */
      readonly savedLater: boolean;
      readonly exitCode: number | null;
    };

export interface SnapshotFigures {
  readonly flips: number;
  readonly torn: number;
  readonly served: number;
  readonly controlServed: number;
  readonly kills: number;
  readonly drafts: number;
  readonly failedSaves: number;
  readonly lookups: number;
}

/** Judges a whole history. */
export function judgeSnapshot(history: readonly SnapshotEvent[]): Verdict<SnapshotFigures> {
  const problems: string[] = [];
  const damaged = history.filter((event) => event.event === 'damaged');
  const intact = history.find((event) => event.event === 'intact');
  const killed = history.find((event) => event.event === 'killed');
  const full = history.find((event) => event.event === 'full disk');
  for (const { damage, files, served, threw, controlServed } of damaged) {
    if (served > 0) problems.push(`${served} of ${files} files with a ${damage} were served`);
    if (threw > 0) problems.push(`${threw} of ${files} files with a ${damage} made the reader throw`);
    if (controlServed === 0)
      problems.push(`the control served no file with a ${damage}: this experiment proves nothing of it`);
  }
  if (intact !== undefined && intact.served < intact.files)
    problems.push(`${intact.files - intact.served} of ${intact.files} sound files were not served`);
  if (killed !== undefined) {
    if (killed.strange > 0) problems.push(`${killed.strange} kills left a state that was never saved`);
    if (killed.whole < killed.kills)
      problems.push(`${killed.kills - killed.whole} of ${killed.kills} kills left nothing that could be read`);
    if (killed.drafts === 0) problems.push('no kill hit a write: this experiment proves nothing of it');
  }
  if (full !== undefined) problems.push(...problemsOfFullDisk(full));
  const filesWith = (damage: Damage) => damaged.find((event) => event.damage === damage)?.files;
  const measured = {
    flips: filesWith('bit flip'),
    torn: filesWith('torn write'),
    intact: intact?.files,
    kills: killed?.kills,
    failedSaves: full?.failedSaves,
    lookups: full?.lookups,
  };
  problems.push(...findUnmeasured(measured));
  return {
    problems,
    figures: {
      flips: measured.flips ?? 0,
      torn: measured.torn ?? 0,
      served: damaged.reduce((sum, { served }) => sum + served, 0),
      controlServed: damaged.reduce((sum, { controlServed }) => sum + controlServed, 0),
      kills: measured.kills ?? 0,
      drafts: killed?.drafts ?? 0,
      failedSaves: measured.failedSaves ?? 0,
      lookups: measured.lookups ?? 0,
    },
  };
}

function problemsOfFullDisk(full: Extract<SnapshotEvent, { event: 'full disk' }>): string[] {
  const { failedSaves, code, lookups, wrongLookups, oldServed, savedLater, exitCode } = full;
  const problems: string[] = [];
  if (exitCode !== 0) problems.push(`the process on a full disk ended with ${String(exitCode)}`);
  if (failedSaves === 0 || code !== 'ENOSPC')
    problems.push(
      `${failedSaves} saves failed (${String(code)}): the disk was not full, and this proves nothing of it`,
    );
  if (lookups === 0 || wrongLookups > 0)
    problems.push(`${wrongLookups} of ${lookups} lookups were wrong while the disk was full`);
  if (!oldServed) problems.push('the last good file could not be read while the disk was full');
  if (!savedLater) problems.push('nothing was saved once the disk had room again');
  return problems;
}
