import { ConfigError } from '../core/errors.js';
import type { Resolver } from '../discovery/resolver.js';
import type { ServiceOptions } from '../discovery/service-options.js';
import { balancingPolicy } from './grpc/balancing-policy.js';
import { grpcFault } from './grpc/grpc-module.js';
import type { GrpcModule } from './grpc/grpc-module.js';
import { POLICY, SCHEME } from './grpc/names.js';
import { serviceResolver } from './grpc/service-resolver.js';

export type { GrpcModule } from './grpc/grpc-module.js';

export interface GrpcOptions {
  /** Options of the services that need some, by name. These are watched from the start. @default none */
  readonly services?: Readonly<Record<string, ServiceOptions>>;
}

/**
 * Makes clients of this copy of `@grpc/grpc-js` understand targets such as `rollcall:///orders`: the instances come
 * from `resolver`, and its balancer chooses one for each call. Call it once, before the first such client; a later call
 * replaces the resolver for new clients. Throws `ConfigError` if the module lacks what is needed, or for wrong options.
 */
export function registerResolver(grpc: GrpcModule, resolver: Resolver, { services = {} }: GrpcOptions = {}): void {
  const fault = grpcFault(grpc);
  if (fault !== undefined) throw new ConfigError([{ field: 'grpc', value: grpc, allowed: fault }]);
  const { registerLoadBalancerType, registerResolver: register } = grpc.experimental;
  const { Policy, Settings } = balancingPolicy(grpc);
  registerLoadBalancerType(POLICY, Policy, Settings);
  const options = new Map(Object.entries(services));
  const open = (name: string) => resolver.service(name, options.get(name));
  for (const name of options.keys()) open(name);
  register(SCHEME, serviceResolver(grpc, open));
}
