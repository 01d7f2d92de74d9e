import type { Clock } from '../clock.js';
import { StoppedError } from '../errors.js';
import type { Secrets, SecretsReading } from './secrets.js';

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
  // Loaded by those who have such files. Rejects with nothing but the signal's reason.
  const following = import('./follow-files.js').then(({ followFiles }) => followFiles(secrets.files, () => tell(secrets.reread()), clock, over.signal));
  following.catch(() => undefined);
  return watch;
}
