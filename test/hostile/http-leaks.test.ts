import { getActiveResourcesInfo } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, it } from 'vitest';
import { cleanUp } from '../integration/fixtures/live.js';
import { waitFor } from '../support/wait-for.js';
import { answers, asksOf, countingSignal, serverOf } from './fixtures/wrong-answers.js';
import type { Ask } from './fixtures/wrong-answers.js';

afterEach(cleanUp);

/** Of all kinds together. */
const ANSWERS = 10_000;
const AT_A_TIME = 10;
/** Then what still waits for an answer is given up. */
const DEADLINE_MS = 20;
/** A leak of 300 bytes an answer. */
const MOST_GROWTH_BYTES = 3_000_000;

const kinds = [
  'switches protocols',
  'switches to a tunnel',
  'closes early',
  'closes in the body',
  'says nothing',
  'stops in the body',
  'is too long for its length',
  'has interim answers alone',
];
const clients = ['Consul, a beat', 'Consul, a look', 'etcd, a look', 'the Docker Engine'];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function heap(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const connections = () => getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

/** Asks so often, each time with a deadline of its own; how many were given up or refused. */
async function rejections(ask: Ask, times: number): Promise<number> {
  let rejected = 0;
  for (let left = times; left > 0; left -= AT_A_TIME) {
    const { controller, signal, listeners } = countingSignal();
    const asking = Array.from({ length: Math.min(left, AT_A_TIME) }, () => ask(signal).catch(() => (rejected += 1)));
    const deadline = setTimeout(() => controller.abort(new Error('deadline')), DEADLINE_MS);
    await Promise.all(asking);
    clearTimeout(deadline);
    expect(listeners()).toBe(0);
  }
  return rejected;
}

it(
  'ten thousand answers that are none leave no connection, no request in flight and no memory',
  { timeout: 120_000 },
  async () => {
    const servers = await Promise.all(kinds.map(async (kind) => serverOf(answers[kind]!)));
    const asks = await Promise.all(
      servers.map(async ({ port, state }) => {
        const all = await asksOf(port, state);
        return clients.map((name) => all[name]!);
      }),
    );
    const before = connections();
    const half = async () => {
      const times = ANSWERS / 2 / kinds.length / clients.length;
      let rejected = 0;
      for (const ask of asks.flat()) rejected += await rejections(ask, Math.ceil(times));
      return rejected;
    };
    let rejected = await half();
    const heapBefore = await heap();
    rejected += await half();
    expect(rejected).toBeGreaterThanOrEqual(ANSWERS);
    await waitFor(() => servers.every(({ sockets }) => sockets.size === 0) && connections() <= before);
    expect((await heap()) - heapBefore).toBeLessThan(MOST_GROWTH_BYTES);
  },
);
