import { onAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { untilChanged, versionOf } from './file-version.js';

/** Polls as well, since some mounts emit no file events. */
const POLL_EVERY_MS = 500;
/**
 * A change counts once two looks this far apart agree: the writer may still be writing, or about to write the other
 * file of a pair.
 */
const SETTLE_MS = 100;
/** If the files keep changing, the result of the last look counts. */
const MAX_LOOKS = 10;

/**
 * Calls `read` whenever a file changes, and first at once, since a file may have changed since it was last read.
 * Rejects with the signal's reason.
 */
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
    await untilAnyChanged(files, known, clock, signal);
    known = await settled(files, clock, signal);
  }
}

/** Resolves once the marks of the files differ from `known`; rejects with the signal's reason. */
async function untilAnyChanged(
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
  const hasChanged = async () => (await marksOf(files)) !== known;
  try {
    await Promise.race([
      pollUntil(hasChanged, clock, round.signal),
      ...files.map((path) => untilChanged(path, hasChanged, round.signal)),
    ]);
  } finally {
    removeListener();
    round.abort();
  }
}

async function pollUntil(condition: () => Promise<boolean>, clock: Clock, signal: AbortSignal): Promise<void> {
  do await clock.sleep(POLL_EVERY_MS, signal);
  while (!(await condition()));
}

/** The marks of the files once they no longer change. */
async function settled(files: readonly string[], clock: Clock, signal: AbortSignal): Promise<string> {
  let seen = await marksOf(files);
  for (let looks = 1; looks < MAX_LOOKS; looks += 1) {
    await clock.sleep(SETTLE_MS, signal);
    const before = seen;
    seen = await marksOf(files);
    if (seen === before) break;
  }
  return seen;
}

/** Changes whenever a file changes. A file that `stat` fails for counts as absent; reading it reports the reason. */
async function marksOf(files: readonly string[]): Promise<string> {
  const versions = await Promise.all(files.map((path) => versionOf(path).catch(() => undefined)));
  return versions.map((version) => version?.mark ?? 'absent').join(' ');
}
