import { startHaproxy } from '../../support/servers/haproxy-server.js';
import { startGateway } from './gateway.js';
import type { Framework } from './options.js';
import type { BalancerPlan } from './parts.js';
import type { World } from './world.js';

/** What callers ask, which passes each request on to an instance. */
export interface Balancer {
  readonly port: number;
  /** What a path begins with that goes to the service. */
  readonly prefix: string;
  /** How a request ended, by its `x-request`; undefined: the balancer does not tell, or has never heard of it. */
  endOf(id: string): string | undefined;
  /** Requests that it made once more; undefined: it never does that. */
  repeats(): number | undefined;
  stop(): Promise<void>;
}

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
