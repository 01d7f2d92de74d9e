import { forkService } from '../../support/fork-service.js';
import type { Balancer } from './balancer.js';

const LISTENS_WITHIN_MS = 45_000;

/** The gateway of the examples, in a process of its own. */
export async function startGateway(consulUrl: string, service: string): Promise<Balancer> {
  const gateway = forkService(new URL('gateway-process.ts', import.meta.url), {
    env: {
      CONSUL_HTTP_ADDR: consulUrl,
      SERVICE_REGISTRY: undefined,
      SERVICE_NAME: 'gateway',
      SERVICES: service,
      PORT: undefined,
      HOST: undefined,
    },
  });
  const line = await gateway.waitForLine(/^http:\/\/127\.0\.0\.1:\d+ is registered/, LISTENS_WITHIN_MS);
  return {
    port: Number(/:(\d+) /.exec(line)?.[1]),
    prefix: `/${service}`,
    endOf: () => undefined,
    // It tells of nothing else.
    repeats: () => gateway.messages.length,
    stop: () => gateway.kill(),
  };
}
