import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { RawWatch } from './raw-watch.js';

/** What the reader has seen of a service, on the clock of `process.hrtime`, which all threads share; milliseconds. */
export interface Sight {
  readonly listedAt: number;
  readonly passingAt: number;
}

interface CatalogRow {
  readonly Checks: readonly { readonly Status: string }[];
}

const port = parentPort!;
const POLL_IS_HELD_MS = 2;

/** Waits for `name` as readers elsewhere do: a blocking query is held before anything starts. */
port.on('message', (name: string) => {
  let looks = 0;
  let listedAt: number | undefined;
  const watch = new RawWatch(String(workerData), name, (body) => {
    const now = Number(process.hrtime.bigint()) / 1e6;
    const [row] = JSON.parse(body.toString()) as CatalogRow[];
    looks += 1;
    if (looks === 1) void sleep(POLL_IS_HELD_MS).then(() => port.postMessage('ready'));
    if (row === undefined) return;
    listedAt ??= now;
    if (!row.Checks.every(({ Status }) => Status === 'passing')) return;
    watch.close();
    port.postMessage({ listedAt, passingAt: now } satisfies Sight);
  });
});
