import { readFileSync } from 'node:fs';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import type { RawConsul } from '../../support/servers/raw-consul.js';
import { waitFor } from '../../support/wait-for.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { SeenEntry } from '../experiment/catalog-reader.js';
import { every, pause } from '../experiment/pause.js';

/** From the thaw on; each is watched from here on. */
const JUDGED_AFTER_MS = 2_000;
const WATCH_MS = 1_000;
const LOOK_EVERY_MS = 100;

/** So many connections that are open already: an agent takes what comes on new ones in their order. */
export function openConnections(url: string, count: number): Promise<RawConsul[]> {
  const open = async () => {
    const connection = rawConsul(url);
    await connection.get('/v1/status/leader');
    return connection;
  };
  return Promise.all(Array.from({ length: count }, open));
}

/** A stop signal takes effect a moment after it was sent, and no request must slip through in it. */
export async function freeze(agent: ConsulServer): Promise<void> {
  agent.pause();
  await waitFor(() => /\) T /.test(readFileSync(`/proc/${agent.pid}/stat`, 'utf8')), { everyMs: 2 });
}

/** Lets the agent go on. Resolves to in how many looks, from 2 s later on, each service was wrong. */
export async function thaw(
  agent: ConsulServer,
  names: readonly string[],
  isWrong: (entries: readonly SeenEntry[]) => boolean,
): Promise<ReadonlyMap<string, { looks: number; wrong: number }>> {
  const reader = new CatalogReader(agent.url);
  const seen = new Map(names.map((name) => [name, { looks: 0, wrong: 0 }]));
  const look = async () => {
    for (const [name, counts] of seen) {
      const { entries } = await reader.look(name);
      if (entries === undefined) continue;
      counts.looks += 1;
      if (isWrong(entries)) counts.wrong += 1;
    }
  };
  agent.resume();
  try {
    await pause(JUDGED_AFTER_MS);
    await every(LOOK_EVERY_MS, look, () => false, WATCH_MS);
    return seen;
  } finally {
    reader.close();
  }
}
