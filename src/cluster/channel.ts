import type { Worker } from 'node:cluster';
import { shareListener } from './share-listener.js';

/** The message channel between a worker of node:cluster and its primary; tests pass their own. */
export interface Channel {
  readonly isOpen: () => boolean;
  readonly send: (message: object) => void;
  /** The returned function removes the listener. */
  readonly listen: (hear: (message: unknown) => void) => () => void;
}

/** The channel to the primary in a worker of node:cluster; undefined in any other process. */
export function channelToPrimary(): Channel | undefined {
  // A process that was not forked with a channel is no worker and need not load node:cluster.
  if (process.send === undefined) return undefined;
  const { worker } = process.getBuiltinModule('node:cluster') as { readonly worker?: Worker };
  return worker && channelOf(worker);
}

/** Whether this process is a worker of node:cluster. */
export function isClusterWorker(): boolean {
  return channelToPrimary() !== undefined;
}

function channelOf(worker: Worker): Channel {
  return {
    isOpen: () => worker.isConnected(),
    send(message) {
      // A lost message needs no handling here: the sender misses the answer and asks again.
      worker.send(message, () => undefined);
    },
    listen: (hear) => shareListener(worker, 'message', hear),
  };
}
