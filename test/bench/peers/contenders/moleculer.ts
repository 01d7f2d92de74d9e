import { Middlewares, ServiceBroker, Strategies } from 'moleculer';
import type { Contender, PeerWorld } from '../contender.js';
import { HttpCalls, tryTwice } from './http-calls.js';
import { watchOrigins } from './watch-origins.js';

/** What moleculer's strategies choose among, and its circuit breaker marks. */
interface Endpoint {
  readonly id: string;
  readonly name: string;
  readonly action: { readonly name: string };
  readonly node: object;
  state: boolean;
}

interface Strategy {
  select(list: readonly Endpoint[]): Endpoint;
}

interface BreakerMiddleware {
  created(broker: object): void;
  remoteAction(
    this: object,
    handler: (ctx: { endpoint: Endpoint }) => Promise<void>,
    action: object,
  ): (ctx: { endpoint: Endpoint }) => Promise<void>;
  stopped(): void;
}

/**
 * moleculer's round robin, its default, among the endpoints that its circuit breaker leaves, as its broker does it. Its other
 * strategies need its own transport. The breaker, off by default, looks at 5 s and 5 calls here, where its defaults are 60 and
 * 20. Instances come from the watch of the package `consul`, and a second try is its usual retry.
 */
export function startMoleculer(name: string, world: PeerWorld): Contender {
  const broker = new ServiceBroker({
    logger: false,
    circuitBreaker: {
      enabled: true,
      threshold: 0.5,
      windowTime: 5,
      minRequestCount: 5,
      halfOpenTime: 10_000,
      check: () => true,
    },
  });
  const RoundRobin = Strategies.RoundRobin as unknown as new (
    registry: object,
    broker: object,
    options: object,
  ) => Strategy;
  const strategy = new RoundRobin(broker.registry, broker, {});
  const breaker = (Middlewares as unknown as { CircuitBreaker(broker: object): BreakerMiddleware }).CircuitBreaker(
    broker,
  );
  breaker.created(broker);
  let endpoints = new Map<string, Endpoint>();
  const watch = watchOrigins(world, (origins) => {
    endpoints = new Map(origins.map((origin) => [origin, endpoints.get(origin) ?? endpointOf(origin)]));
  });
  const calls = new HttpCalls(name);
  const action = { name: world.service, service: { fullName: world.service } };
  const send = breaker.remoteAction.call(broker, (ctx: { endpoint: Endpoint }) => calls.get(ctx.endpoint.id), action);
  const pick = () => {
    // Its registry filters for each call, too.
    const available = [...endpoints.values()].filter(({ state }) => state);
    if (available.length === 0) throw new Error('no available endpoint');
    return strategy.select(available);
  };
  return {
    pick,
    call: () => tryTwice(async () => send({ endpoint: pick() })),
    count: () => endpoints.size,
    async close() {
      breaker.stopped();
      calls.close();
      await watch.close();
    },
  };
}

function endpointOf(origin: string): Endpoint {
  return { id: origin, name: origin, action: { name: 'call' }, node: { id: origin }, state: true };
}
