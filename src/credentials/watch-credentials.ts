import type { Clock } from '../core/clock.js';
import { StoppedError } from '../core/errors.js';
import { processWide } from '../core/process-wide.js';
import type { Credentials, CredentialsReading } from '../contracts/credentials.js';

type Listener = (reading: CredentialsReading) => void;

interface Watch {
  readonly listeners: Set<Listener>;
  readonly over: AbortController;
}

/** One watch for all who share the secrets. */
const watches = (): WeakMap<Credentials, Watch> => processWide('watched credentials', () => new WeakMap());

/** Has the secrets read again whenever a file of theirs is another one, and tells `listener` what came of it, until the returned function is called. */
export function watchCredentials(credentials: Credentials, clock: Clock, listener: Listener): () => void {
  if (credentials.files.length === 0) return () => undefined;
  const watch = watches().get(credentials) ?? begin(credentials, clock);
  watch.listeners.add(listener);
  return () => {
    watch.listeners.delete(listener);
    if (watch.listeners.size > 0) return;
    watch.over.abort(new StoppedError('the secrets are no longer watched'));
    if (watches().get(credentials) === watch) watches().delete(credentials);
  };
}

function begin(credentials: Credentials, clock: Clock): Watch {
  const listeners = new Set<Listener>();
  const over = new AbortController();
  const watch = { listeners, over };
  watches().set(credentials, watch);
  const tell = (reading: CredentialsReading) => {
    for (const listener of [...listeners]) listener(reading);
  };
  // Loaded by those who have such files. Rejects with nothing but the signal's reason.
  const following = import('./watch-files.js').then(({ watchFiles }) =>
    watchFiles(credentials.files, () => tell(credentials.reread()), clock, over.signal),
  );
  following.catch(() => undefined);
  return watch;
}
