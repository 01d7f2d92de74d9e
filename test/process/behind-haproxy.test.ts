import { afterEach, describe, expect, it } from 'vitest';
import { cleanUp, later, ownConsul } from '../integration/fixtures/live.js';
import { Fleet } from '../prove/rolling/fleet.js';
import { Load, ask } from '../prove/rolling/load.js';
import { killForkedServices } from '../support/fork-service.js';
import { startHaproxy } from '../support/servers/haproxy-server.js';
import { waitFor } from '../support/wait-for.js';

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

const callers = (path: string, connection: 'kept' | 'fresh') => ({ path, connection, callers: 2, pauseMs: 20 });

// `npm run prove -- rolling` is the long form of this.
describe('one of two instances behind HAProxy, which finds them by Consul DNS and tries nothing twice', () => {
  it('ends at a SIGTERM under load, and no request is lost', async () => {
    const agent = await ownConsul();
    const fleet = new Fleet({
      url: agent.url,
      service: 'web',
      way: 'rollcall',
      framework: 'http',
      policy: 'deregister',
    });
    for (const slot of [0, 1]) fleet.launch(slot);
    const balancer = await startHaproxy({ service: 'web', dnsPort: agent.dnsPort });
    later(() => balancer.stop());
    await waitFor(async () => (await ask(balancer, '/1', 'first', false)) === undefined, { timeoutMs: 30_000 });
    const load = new Load(balancer, [
      callers('/1', 'kept'),
      callers('/1', 'fresh'),
      callers('/300', 'kept'),
      callers('/stream', 'fresh'),
    ]);
    await Promise.all([0, 1].map((slot) => fleet.serving(slot)));

    const { code, at, lastRequestAt } = await fleet.terminate(0, 1);
    await load.stop();

    expect(load.failures).toEqual([]);
    expect(code).toBe(0);
    // The balancer did not know at once: this is what serving on was for.
    expect(lastRequestAt).toBeGreaterThan(at + 200);
  });
});
