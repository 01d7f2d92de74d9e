import { startHaproxy } from '../../support/servers/haproxy-server.js';
import type { Balancer } from './balancer.js';
import { startGateway } from './gateway.js';
import type { Framework } from './options.js';
import type { BalancerPlan } from './parts.js';
import type { World } from './world.js';

export async function startBalancer(
  plan: BalancerPlan,
  { url, dnsPort }: World,
  service: string,
  framework: Framework,
): Promise<Balancer> {
  if (plan.kind === 'gateway') return startGateway(url, service);
  const { refreshSeconds, source } = plan;
  const haproxy = await startHaproxy({ service, dnsPort, refreshSeconds, source, http2: framework === 'http2' });
  return {
    port: haproxy.port,
    prefix: '',
    endOf: (id) => haproxy.logged.get(id)?.termination,
    repeats: () => undefined,
    stop: () => haproxy.stop(),
  };
}
