import type { Server } from 'node:net';
import { onAbort } from '../core/abort.js';
import { asError } from '../core/errors.js';
import type { Connections } from './connections.js';

export interface Closing {
  readonly server: Server;
  readonly connections: Connections;
  /** The host's own close; absent: `server.close()`. */
  readonly closeByHost: (() => Promise<void>) | undefined;
  /** There is nothing to wait for: the server never listened, or has emitted 'close'. */
  readonly isClosed: boolean;
  readonly signal: AbortSignal;
}

/** Closes gracefully until the signal aborts; then cuts off the rest and rejects with the signal's reason. */
export function closeServer(closing: Closing): Promise<void> {
  const { server, connections, isClosed, signal } = closing;
  return new Promise((resolve, reject) => {
    let onClose = () => {};
    const closed = new Promise<void>((done) => {
      onClose = done;
    });
    if (isClosed) onClose();
    else server.once('close', onClose);

    const removeListener = onAbort(signal, () => {
      if (server.listening) server.close();
      connections.destroy();
      // Not awaited: a connection that hangs now may hang for ever.
      server.removeListener('close', onClose);
      reject(asError(signal.reason));
    });

    void closeGracefully(closing, closed).then(resolve, reject).finally(removeListener);
  });
}

async function closeGracefully(
  { server, connections, closeByHost, isClosed }: Closing,
  closed: Promise<void>,
): Promise<void> {
  // The host may have closed its server already, which leaves the connections that `server.close()` waits for.
  if (!server.listening && !isClosed) connections.closeIdle();
  try {
    await closeByHost?.();
  } finally {
    // Also after a failure, and for a server that the host's own close does not cover.
    if (server.listening) server.close();
    await closed;
  }
}
