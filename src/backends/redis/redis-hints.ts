import { onAbort } from '../../core/abort.js';
import { asError } from '../../core/errors.js';
import { indexKey } from './redis-codec.js';
import { translated } from './redis-errors.js';
import type { OpenClient } from './redis-open.js';

/** What a subscription tells. */
export interface Hints {
  /** Redis has taken the subscription. */
  readonly onOpen: () => void;
  /** A client of ours has changed an entry of the service. */
  readonly onChange: (service: string) => void;
}

/**
 * Subscribes to the changes of services until the signal aborts. Opens a connection for that, since one that subscribes
 * takes no other commands. Rejects with the signal's reason, or when the connection breaks.
 */
export async function subscribeTo(
  services: readonly string[],
  { open, shown }: { readonly open: (end: AbortSignal) => Promise<OpenClient>; readonly shown: string },
  { onOpen, onChange }: Hints,
  signal: AbortSignal,
): Promise<void> {
  const byChannel = new Map(services.map((service) => [indexKey(service), service]));
  const end = new AbortController();
  const removeListener = onAbort(signal, () => {
    end.abort(signal.reason);
  });
  try {
    const { client, limit } = await open(end.signal);
    await new Promise((_resolve, reject) => {
      end.signal.addEventListener('abort', () => reject(asError(end.signal.reason)), { once: true });
      client.once('error', reject);
      const onMessage = (_message: string, channel: string) => {
        // Each message is a complete answer.
        limit.expect({ bytes: 0 })();
        const service = byChannel.get(channel);
        if (service !== undefined) onChange(service);
      };
      client.subscribe([...byChannel.keys()], onMessage).then(onOpen, reject);
    });
  } catch (thrown) {
    signal.throwIfAborted();
    throw translated(thrown, { operation: 'discover', keys: [...byChannel.keys()].join(' '), answer: 'look' }, shown);
  } finally {
    removeListener();
    end.abort();
  }
}
