import { consul } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import { discover, pools } from 'rollcall/undici';
import { Agent } from 'undici7';
import { ATTEMPT_MS, CALLER_HEADER } from '../contender.js';
import type { Contender, PeerWorld } from '../contender.js';

/** As the page of `rollcall/undici` shows it, with its defaults. */
export function startOurs(name: string, { service, consulUrl }: PeerWorld): Contender {
  const resolver = createResolver({ registry: consul({ endpoints: [consulUrl] }), logger: false });
  const orders = resolver.service(service);
  const dispatcher = new Agent({ factory: pools(resolver) }).compose(discover(resolver));
  return {
    pick: () => orders.pick().done('ok'),
    async call() {
      const { statusCode, body } = await dispatcher.request({
        origin: `http://${service}.service`,
        path: '/',
        method: 'GET',
        headers: { [CALLER_HEADER]: name },
        headersTimeout: ATTEMPT_MS,
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    },
    count: () => orders.snapshot().instances.length,
    async close() {
      await dispatcher.destroy();
      await resolver.close();
    },
  };
}
