import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { onAbort } from '../../core/abort.js';
import { asError } from '../../core/errors.js';
import { SUFFIX, encodeName } from './file-codec.js';

/**
 * Calls `onChange` with a service when one of its files was written or removed, until the signal aborts. A heartbeat,
 * which only touches its file, is no change. Throws at once if the directory does not exist; rejects when it cannot be
 * watched any more, or with the signal's reason.
 */
export function watchDirectories(
  dir: string,
  services: readonly string[],
  onChange: (service: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const byDirectory = new Map(services.map((service) => [encodeName(service), service]));
  const watchers = new Map<string, FSWatcher>();
  const closeAll = () => {
    for (const watcher of watchers.values()) watcher.close();
  };
  return new Promise((_resolve, reject) => {
    const fail = (thrown: unknown) => {
      closeAll();
      reject(asError(thrown));
    };
    const open = (path: string, onRenamed: (name: string) => void) => {
      watchers.get(path)?.close();
      const watcher = watch(path, { persistent: false }, (event, name) => {
        // Writes and removals are renames.
        if (event === 'rename' && name !== null) onRenamed(name);
      });
      watchers.set(path, watcher);
      return watcher;
    };
    const openService = (directory: string, service: string) => {
      const path = join(dir, directory);
      try {
        const watcher = open(path, (name) => {
          if (name.endsWith(SUFFIX)) onChange(service);
        });
        // Its directory was removed; that of all services tells when it is there again.
        watcher.on('error', () => {
          watcher.close();
        });
      } catch {
        // No instance was registered yet.
      }
    };
    open(dir, (name) => {
      const service = byDirectory.get(name);
      if (service === undefined) return;
      openService(name, service);
      onChange(service);
    }).on('error', fail);
    for (const [directory, service] of byDirectory) openService(directory, service);
    onAbort(signal, () => {
      fail(signal.reason);
    });
  });
}
