import { ConfigError } from '../core/errors.js';
import type { Resolver } from '../discovery/resolver.js';
import { balancingPolicy } from './grpc/balancing-policy.js';
import { grpcFault } from './grpc/grpc-module.js';
import type { GrpcModule } from './grpc/grpc-module.js';
import { POLICY, SCHEME } from './grpc/names.js';
import { serviceResolver } from './grpc/service-resolver.js';

export type { GrpcModule } from './grpc/grpc-module.js';

/**
 * Makes clients of this copy of `@grpc/grpc-js` understand targets such as `rollcall:///orders`: the instances come
 * from `resolver`, and its balancer chooses one for each call. Call it once, before the first such client; a later call
 * replaces the resolver for new clients. Throws `ConfigError` if the module lacks what is needed.
 */
export function registerResolver(grpc: GrpcModule, resolver: Resolver): void {
  const fault = grpcFault(grpc);
  if (fault !== undefined) throw new ConfigError([{ field: 'grpc', value: grpc, allowed: fault }]);
  const { registerLoadBalancerType, registerResolver: register } = grpc.experimental;
  const { Policy, Settings } = balancingPolicy(grpc);
  registerLoadBalancerType(POLICY, Policy, Settings);
  register(SCHEME, serviceResolver(grpc, resolver));
}
