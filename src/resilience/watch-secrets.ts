import type { Clock } from '../clock.js';
import { StoppedError } from '../errors.js';
import { processWide } from '../process-wide.js';
import type { Secrets, SecretsReading } from './secrets.js';

type Listener = (reading: SecretsReading) => void;

interface Watch {
  readonly listeners: Set<Listener>;
  readonly over: AbortController;
}

/** One watch for all who share the secrets. */
const watches = (): WeakMap<Secrets, Watch> => processWide('watched secrets', () => new WeakMap());

/** Has the secrets read again whenever a file of theirs is another one, and tells `listener` what came of it, until the returned function is called. */
export function watchSecrets(secrets: Secrets, clock: Clock, listener: Listener): () => void {
  if (secrets.files.length === 0) return () => undefined;
  const watch = watches().get(secrets) ?? begin(secrets, clock);
  watch.listeners.add(listener);
  return () => {
    watch.listeners.delete(listener);
    if (watch.listeners.size > 0) return;
    watch.over.abort(new StoppedError('the secrets are no longer watched'));
    if (watches().get(secrets) === watch) watches().delete(secrets);
  };
}

function begin(secrets: Secrets, clock: Clock): Watch {
  const listeners = new Set<Listener>();
  const over = new AbortController();
  const watch = { listeners, over };
  watches().set(secrets, watch);
  const tell = (reading: SecretsReading) => {
    for (const listener of [...listeners]) listener(reading);
  };
  // Loaded by those who have such files. Rejects with nothing but the signal's reason.
  const following = import('./follow-files.js').then(({ followFiles }) => followFiles(secrets.files, () => tell(secrets.reread()), clock, over.signal));
  following.catch(() => undefined);
  return watch;
}
