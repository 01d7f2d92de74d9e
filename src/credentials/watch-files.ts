import { onAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { untilChanged, versionOf } from './file-version.js';

/** Some mounts tell a watcher nothing: so often the files are looked at anyway. */
const LOOK_EVERY_MS = 500;
/** Whoever writes may not be done, or has another file of a pair to write: news count once two looks so far apart agree. */
const SETTLE_MS = 100;
/** Where there is no end to the writing the latest has to do. */
const MOST_LOOKS = 10;

/** Calls `read` at first, as they may have been replaced since somebody read them, and whenever any of the files is another one. Rejects with the signal's reason. */
export async function watchFiles(
  files: readonly string[],
  read: () => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  let known = await marksOf(files);
  for (;;) {
    signal.throwIfAborted();
    read();
    await untilAnyOther(files, known, clock, signal);
    known = await settled(files, clock, signal);
  }
}

/** Resolves when any of the files is another one than `known` says; rejects with the signal's reason. */
async function untilAnyOther(
  files: readonly string[],
  known: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const round = new AbortController();
  signal.throwIfAborted();
  const removeListener = onAbort(signal, () => {
    round.abort(signal.reason);
  });
  const isOther = async () => (await marksOf(files)) !== known;
  try {
    await Promise.race([
      lookNowAndThen(isOther, clock, round.signal),
      ...files.map((path) => untilChanged(path, isOther, round.signal)),
    ]);
  } finally {
    removeListener();
    round.abort();
  }
}

async function lookNowAndThen(isOther: () => Promise<boolean>, clock: Clock, signal: AbortSignal): Promise<void> {
  do await clock.sleep(LOOK_EVERY_MS, signal);
  while (!(await isOther()));
}

async function settled(files: readonly string[], clock: Clock, signal: AbortSignal): Promise<string> {
  let seen = await marksOf(files);
  for (let looks = 1; looks < MOST_LOOKS; looks += 1) {
    await clock.sleep(SETTLE_MS, signal);
    const before = seen;
    seen = await marksOf(files);
    if (seen === before) break;
  }
  return seen;
}

/** Equal as long as no file is another one. One that cannot be looked at counts as absent: reading it says why. */
async function marksOf(files: readonly string[]): Promise<string> {
  const versions = await Promise.all(files.map((path) => versionOf(path).catch(() => undefined)));
  return versions.map((version) => version?.mark ?? 'absent').join(' ');
}
