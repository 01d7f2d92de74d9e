import type { Clock } from '../core/clock.js';
import { StoppedError } from '../core/errors.js';
import { processWide } from '../core/process-wide.js';
import type { Credentials, CredentialsReading } from '../contracts/credentials.js';

type Listener = (reading: CredentialsReading) => void;

interface Watch {
  readonly listeners: Set<Listener>;
  readonly ended: AbortController;
}

/** One watch per credentials, shared by all its listeners. */
const watches = (): WeakMap<Credentials, Watch> => processWide('watched credentials', () => new WeakMap());

/**
 * Rereads the credentials whenever one of their files changes and calls `listener` with the result, until the returned
 * function is called.
 */
export function watchCredentials(credentials: Credentials, clock: Clock, listener: Listener): () => void {
  if (credentials.files.length === 0) return () => undefined;
  const watch = watches().get(credentials) ?? begin(credentials, clock);
  watch.listeners.add(listener);
  return () => {
    watch.listeners.delete(listener);
    if (watch.listeners.size > 0) return;
    watch.ended.abort(new StoppedError('the secrets are no longer watched'));
    if (watches().get(credentials) === watch) watches().delete(credentials);
  };
}

function begin(credentials: Credentials, clock: Clock): Watch {
  const listeners = new Set<Listener>();
  const ended = new AbortController();
  const watch = { listeners, ended };
  watches().set(credentials, watch);
  const notify = (reading: CredentialsReading) => {
    for (const listener of [...listeners]) listener(reading);
  };
  // Loaded only when there are files to watch. Rejects only with the signal's reason, when the watch ends.
  const watching = import('./watch-files.js').then(({ watchFiles }) =>
    watchFiles(credentials.files, () => notify(credentials.reread()), clock, ended.signal),
  );
  watching.catch(() => undefined);
  return watch;
}
