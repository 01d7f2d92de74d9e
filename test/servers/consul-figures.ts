import { startConsul } from '../support/servers/consul-server.js';
import { rawConsul } from '../support/servers/raw-consul.js';

const SERVICES = 300;
const UPDATES = 2_000;
const AT_ONCE = 8;

// How many registrations and heartbeats one agent takes a second, from one client that sends a few at a time.
const server = await startConsul();
const raw = rawConsul(server.url);
try {
  const registered = await perSecond(SERVICES, (at) =>
    raw.put('/v1/agent/service/register', { Name: `s${at}`, Check: { CheckID: `c${at}`, TTL: '600s' } }),
  );
  const update = { Status: 'passing', Output: 'ok' };
  const updated = await perSecond(UPDATES, (at) => raw.put(`/v1/agent/check/update/c${at % SERVICES}`, update));
  console.log(`${Math.round(registered)} registrations and ${Math.round(updated)} updates a second`);
} finally {
  raw.close();
  await server.stop();
}

async function perSecond(count: number, send: (at: number) => Promise<{ status: number }>): Promise<number> {
  const from = performance.now();
  let next = 0;
  const client = async () => {
    while (next < count) {
      const { status } = await send(next++);
      if (status !== 200) throw new Error(`HTTP ${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return (count * 1_000) / (performance.now() - from);
}
