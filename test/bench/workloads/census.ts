import { createHook } from 'node:async_hooks';
import { readdirSync, readlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import type { Leftovers } from '../footprint/judge-footprint.js';

/**
 * Counts what a library can leave behind. `process.getActiveResourcesInfo()` would not do: it leaves out what does not hold the
 * process, which is all of ours. Make it before what it is to count.
 */
export class Census {
  readonly #timers = new Set<number>();
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    createHook({
      init: (id, type) => {
        if (type === 'Timeout') this.#timers.add(id);
      },
      destroy: (id) => {
        this.#timers.delete(id);
      },
    }).enable();
  }

  async count(): Promise<Leftovers> {
    // The timer whose callback we may be in is only told to be gone when that is over.
    await new Promise((resolve) => setImmediate(resolve));
    const ownMethods = ['emit', 'close'].filter((method) => Object.hasOwn(this.#server, method)).length;
    return {
      timers: this.#timers.size,
      sockets: openSockets(),
      processListeners: listenersOf(process),
      serverListenersAndMethods: listenersOf(this.#server) + ownMethods,
    };
  }
}

function listenersOf(emitter: NodeJS.EventEmitter): number {
  return emitter.eventNames().reduce((sum, event) => sum + emitter.listenerCount(event), 0);
}

function openSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      // The descriptor of the directory itself.
      return false;
    }
  }).length;
}
