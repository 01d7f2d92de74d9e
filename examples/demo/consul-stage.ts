import { consul } from 'rollcall';
import { startConsul } from '../../test/support/servers/consul-server.js';
import { rawConsul } from '../../test/support/servers/raw-consul.js';
import type { Stage } from './stage.js';

interface HealthEntry {
  readonly Node: { readonly Address: string };
  readonly Service: { readonly ID: string; readonly Address: string; readonly Port: number };
  readonly Checks: readonly { readonly Status: string; readonly Name: string; readonly Output: string }[];
}

/** Uses a running Consul. Rejects when it does not answer within a second, or has no leader. */
export async function openConsul(url: string): Promise<Stage> {
  const raw = rawConsul(url, { token: process.env.CONSUL_HTTP_TOKEN, timeoutMs: 1_000 });
  try {
    const leader = await raw.get('/v1/status/leader');
    if (leader.status !== 200 || !/:\d+/.test(leader.body)) throw new Error('no leader');
    // Needs a permission that the token may lack.
    const self = await raw.get('/v1/agent/self');
    const version = self.status === 200 ? ` ${self.json<{ Config: { Version: string } }>().Config.Version}` : '';
    return {
      title: `Consul${version} at ${url}`,
      registry: consul({ endpoints: [url] }),
      async readBack(name, id) {
        const answer = await raw.get(`/v1/health/service/${name}`);
        if (answer.status !== 200)
          throw new Error(`Consul answered the query for ${name} with HTTP ${answer.status}: ${answer.body}`);
        const entry = answer.json<HealthEntry[]>().find(({ Service }) => Service.ID === id);
        return entry && describe(entry);
      },
      async takeAway(_name, id) {
        const answer = await raw.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`);
        if (answer.status !== 200)
          throw new Error(`Consul answered the removal of ${id} with HTTP ${answer.status}: ${answer.body}`);
      },
      close: async () => {
        raw.close();
      },
    };
  } catch (error) {
    raw.close();
    throw error;
  }
}

/** Starts a dev agent for the demo only, which keeps no data and can be killed. */
export async function startOwnConsul(): Promise<Stage> {
  const server = await startConsul();
  const stage = await openConsul(server.url);
  return {
    ...stage,
    restart: () => server.restart(),
    close: async () => {
      await stage.close();
      await server.stop();
    },
  };
}

function describe({ Node, Service, Checks }: HealthEntry): string {
  const checks = Checks.filter(({ Name }) => Name === 'Heartbeat').map(
    ({ Status, Output }) => `heartbeat ${Status} (${Output})`,
  );
  return `${Service.Address || Node.Address}:${Service.Port}, ${checks.join(', ')}`;
}
