import type { AddressInfo, Server } from 'node:net';
import { rawConsul } from '../../support/servers/raw-consul.js';
import { pause } from '../experiment/pause.js';
import { FIXED_SLEEP_MS } from './service-plan.js';
import type { InstancePlan } from './service-plan.js';

const BEAT_EVERY_MS = 3_000;
/** Then the process ends all the same. */
const CLOSED_WITHIN_MS = 10_000;

/** Registers by hand, and at SIGTERM deregisters and closes, at once or after a fixed sleep; or exits without either. Calls `ending` just before the process exits. */
export async function goTheUsualWay(
  { url, service, id, way }: InstancePlan,
  server: Server,
  ending: () => void,
): Promise<void> {
  const consul = rawConsul(url);
  const { port } = server.address() as AddressInfo;
  await consul.put('/v1/agent/service/register', {
    Name: service,
    ID: id,
    Address: '127.0.0.1',
    Port: port,
    Check: { CheckID: `${id}:ttl`, TTL: '10s', Status: 'passing', DeregisterCriticalServiceAfter: '1m' },
  });
  const timer = setInterval(() => {
    consul.put(`/v1/agent/check/pass/${id}:ttl`).catch(() => undefined);
  }, BEAT_EVERY_MS);
  process.once('SIGTERM', () => {
    void (async () => {
      clearInterval(timer);
      if (way === 'exit-at-once') {
        ending();
        process.exit(0);
      }
      const deregistered = consul.put(`/v1/agent/service/deregister/${id}`).catch(() => undefined);
      if (way === 'fixed-sleep') await pause(FIXED_SLEEP_MS);
      const closed = new Promise((resolve) => server.close(resolve));
      // Idle connections that become so later hold a closing server up.
      await Promise.all([deregistered, Promise.race([closed, pause(CLOSED_WITHIN_MS)])]);
      ending();
      process.exit(0);
    })();
  });
}
