export { createResolver } from '../discovery/resolver.js';
export type { Resolver, ResolverOptions } from '../discovery/resolver.js';
export type { ServiceOptions, StaticInstance } from '../discovery/service-options.js';
export type { ResolvedService, RunOptions, WaitOptions } from '../discovery/resolved-service.js';
export type { Outcome, Picked } from '../balancing/picked.js';
export type { Balance } from '../balancing/orders.js';
export type { Attempt, Call } from '../balancing/run-call.js';
export type { ResolvedInstance } from '../contracts/resolved-instance.js';
export type { ServiceEvents, ServicePresence, ServiceSnapshot, SnapshotSource } from '../contracts/service-snapshot.js';
