import type { Worker } from 'node:cluster';

/** What connects a worker of node:cluster with its primary; tests pass their own. */
export interface Channel {
  readonly isOpen: () => boolean;
  readonly send: (message: object) => void;
  /** The returned function ends it. */
  readonly listen: (hear: (message: unknown) => void) => () => void;
}

/** The way to the primary, in a worker of node:cluster; undefined in any other process. */
export function channelToPrimary(): Channel | undefined {
  // Whoever was not forked with a channel is no worker, and is spared the loading of node:cluster.
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
      // What does not arrive is missed by whoever waits for the answer, and asked again.
      worker.send(message, () => undefined);
    },
    listen(hear) {
      worker.on('message', hear);
      return () => worker.removeListener('message', hear);
    },
  };
}
