import type { Clock } from '../clock.js';
import { StoppedError } from '../errors.js';
import { untilOther, versionOf } from './file-version.js';
import type { Secrets, SecretsReading } from './secrets.js';

/** Some mounts tell a watcher nothing: so often the files are looked at anyway. */
const LOOK_EVERY_MS = 500;
/** Whoever writes may not be done, or has another file of a pair to write: news count once two looks so far apart agree. */
const SETTLE_MS = 100;
/** Where there is no end to the writing the latest has to do. */
const MOST_LOOKS = 10;

type Listener = (reading: SecretsReading) => void;

/** One watch for all who share the secrets. */
const watched = new WeakMap<Secrets, { readonly listeners: Set<Listener>; readonly over: AbortController }>();

/** Has the secrets read again whenever a file of theirs is another one, and tells `listener` what came of it, until the returned function is called. */
export function watchSecrets(secrets: Secrets, clock: Clock, listener: Listener): () => void {
  if (secrets.files.length === 0) return () => undefined;
  const watch = watched.get(secrets) ?? begin(secrets, clock);
  watch.listeners.add(listener);
  return () => {
    watch.listeners.delete(listener);
    if (watch.listeners.size > 0) return;
    watch.over.abort(new StoppedError('the secrets are no longer watched'));
    if (watched.get(secrets) === watch) watched.delete(secrets);
  };
}

function begin(secrets: Secrets, clock: Clock): { readonly listeners: Set<Listener>; readonly over: AbortController } {
  const listeners = new Set<Listener>();
  const over = new AbortController();
  const watch = { listeners, over };
  watched.set(secrets, watch);
  const tell = (reading: SecretsReading) => {
    for (const listener of [...listeners]) listener(reading);
  };
  // Rejects with nothing but the signal's reason.
  follow(secrets, clock, tell, over.signal).catch(() => undefined);
  return watch;
}

async function follow(secrets: Secrets, clock: Clock, tell: Listener, signal: AbortSignal): Promise<void> {
  const { files } = secrets;
  let known = await marksOf(files);
  // They may have been replaced since they were first read.
  tell(secrets.reread());
  for (;;) {
    await untilAnyOther(files, known, clock, signal);
    known = await settled(files, clock, signal);
    tell(secrets.reread());
  }
}

/** Resolves when any of the files is another one than `known` says; rejects with the signal's reason. */
async function untilAnyOther(files: readonly string[], known: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const round = new AbortController();
  const end = () => {
    round.abort(signal.reason);
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', end, { once: true });
  const isOther = async () => (await marksOf(files)) !== known;
  try {
    await Promise.race([lookNowAndThen(isOther, clock, round.signal), ...files.map((path) => untilOther(path, isOther, round.signal))]);
  } finally {
    signal.removeEventListener('abort', end);
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
