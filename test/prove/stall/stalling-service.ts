import { once } from 'node:events';
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { builtRollcall } from '../../support/built.js';
import { wallClock } from '../experiment/history.js';
import { stall } from './stalls.js';
import type { StallKind } from './stalls.js';

export interface StallingPlan {
  readonly url: string;
  readonly name: string;
  readonly ttlMs: number;
  readonly thread: 'main' | 'worker';
}

export interface StallOrder {
  readonly kind: StallKind;
  readonly ms: number;
}

/** Times are on the wall clock. */
export type FromStalling =
  { readonly kind: 'registered' } | { readonly kind: 'stalled'; readonly began: number; readonly ended: number };

// A service in a process of its own whose event loop is stalled when told so.
const { url, name, ttlMs, thread } = JSON.parse(process.argv[2] ?? '') as StallingPlan;
const { consul, register } = builtRollcall();
const tell = (message: FromStalling) => process.send?.(message);
setFlagsFromString('--expose-gc');
global.gc = runInNewContext('gc') as NonNullable<typeof global.gc>;

process.on('message', ({ kind, ms }: StallOrder) => {
  const began = wallClock();
  stall(kind, ms);
  tell({ kind: 'stalled', began, ended: wallClock() });
});
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

const server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
await once(server, 'listening');
await register(server, {
  name,
  ttl: ttlMs,
  registry: consul({ endpoints: [url] }),
  logger: false,
  heartbeat: { thread },
});
tell({ kind: 'registered' });
