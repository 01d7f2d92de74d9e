import { createRequire } from 'node:module';
import { BalancedPool, interceptors } from 'undici7';
import { ATTEMPT_MS, CALLER_HEADER } from '../contender.js';
import type { Contender, PeerWorld } from '../contender.js';
import { watchOrigins } from './watch-origins.js';

const { kGetDispatcher } = createRequire(import.meta.url)('undici7/lib/dispatcher/pool-base.js') as {
  readonly kGetDispatcher: symbol;
};

/**
 * undici's BalancedPool, whose upstreams follow the watch of the package `consul`, with its retry interceptor: once more, at
 * once, also after a timeout, which its defaults do not repeat.
 */
export function startBalancedPool(name: string, world: PeerWorld): Contender {
  const pool = new BalancedPool([]);
  let known = new Set<string>();
  const watch = watchOrigins(world, (origins) => {
    const next = new Set(origins);
    for (const origin of known) if (!next.has(origin)) pool.removeUpstream(origin);
    for (const origin of next) if (!known.has(origin)) pool.addUpstream(origin);
    known = next;
  });
  const dispatcher = pool.compose(
    interceptors.retry({
      maxRetries: 1,
      minTimeout: 0,
      errorCodes: [
        'ECONNRESET',
        'ECONNREFUSED',
        'EPIPE',
        'UND_ERR_SOCKET',
        'UND_ERR_HEADERS_TIMEOUT',
        'UND_ERR_CONNECT_TIMEOUT',
      ],
    }),
  );
  const choose = Reflect.get(pool, kGetDispatcher) as () => object;
  return {
    pick: () => choose.call(pool),
    async call() {
      const { statusCode, body } = await dispatcher.request({
        // The pool puts the chosen upstream in its stead.
        origin: `http://${world.service}.service`,
        path: '/',
        method: 'GET',
        headers: { [CALLER_HEADER]: name },
        headersTimeout: ATTEMPT_MS,
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    },
    count: () => known.size,
    async close() {
      await watch.close();
      await pool.destroy();
    },
  };
}
