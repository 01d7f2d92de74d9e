import { describe, expect, it } from 'vitest';
import { judgeSnapshot } from '../../prove/snapshot/judge-snapshot.js';
import type { SnapshotEvent } from '../../prove/snapshot/judge-snapshot.js';

const flips = { event: 'damaged', damage: 'bit flip', files: 100, served: 0, threw: 0, controlServed: 90 } as const;
const torn = { event: 'damaged', damage: 'torn write', files: 100, served: 0, threw: 0, controlServed: 5 } as const;
const intact = { event: 'intact', files: 2, served: 2 } as const;
const killed = { event: 'killed', kills: 5, whole: 5, strange: 0, drafts: 1 } as const;
const full = {
  event: 'full disk',
  failedSaves: 1,
  code: 'ENOSPC',
  lookups: 1_000,
  wrongLookups: 0,
  oldServed: true,
  savedLater: true,
  exitCode: 0,
} as const;
const sound = { flips, torn, intact, killed, full };
const good: readonly SnapshotEvent[] = Object.values(sound);

describe('the judge of saved snapshots', () => {
  it('finds nothing wrong with a good history, and counts', () => {
    expect(judgeSnapshot(good)).toEqual({
      problems: [],
      figures: {
        flips: 100,
        torn: 100,
        served: 0,
        controlServed: 95,
        kills: 5,
        drafts: 1,
        failedSaves: 1,
        lookups: 1_000,
      },
    });
  });

  it.each<[words: string, wrong: Partial<Record<keyof typeof sound, SnapshotEvent>>]>([
    ['1 of 100 files with a bit flip were served', { flips: { ...flips, served: 1 } }],
    ['2 of 100 files with a torn write made the reader throw', { torn: { ...torn, threw: 2 } }],
    ['the control served no file with a bit flip', { flips: { ...flips, controlServed: 0 } }],
    ['1 of 2 sound files were not served', { intact: { ...intact, served: 1 } }],
    ['no samples of flips', { flips: { ...flips, damage: 'torn write' } }],
    ['1 kills left a state that was never saved', { killed: { ...killed, strange: 1 } }],
    ['1 of 5 kills left nothing', { killed: { ...killed, whole: 4 } }],
    ['no kill hit a write', { killed: { ...killed, drafts: 0 } }],
    ['ended with 1', { full: { ...full, exitCode: 1 } }],
    ['ended with null', { full: { ...full, exitCode: null } }],
    ['the disk was not full', { full: { ...full, failedSaves: 0 } }],
    ['the disk was not full', { full: { ...full, code: 'EACCES' } }],
    ['3 of 1000 lookups were wrong', { full: { ...full, wrongLookups: 3 } }],
    ['0 of 0 lookups were wrong', { full: { ...full, lookups: 0 } }],
    ['could not be read while the disk was full', { full: { ...full, oldServed: false } }],
    ['nothing was saved once the disk had room', { full: { ...full, savedLater: false } }],
  ])('finds: %s', (words, wrong) => {
    expect(judgeSnapshot(Object.values({ ...sound, ...wrong })).problems.join('\n')).toContain(words);
  });

  it.each(['bit flip', 'torn write', 'intact', 'killed', 'full disk'])('misses what was not measured: %s', (name) => {
    const history = good.filter((each) => each.event !== name && !('damage' in each && each.damage === name));
    expect(judgeSnapshot(history).problems.join('\n')).toContain('no samples of');
  });
});
