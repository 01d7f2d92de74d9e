export { createResolver } from '../discovery/resolver.js';
export type { Resolver, ResolverOptions } from '../discovery/resolver.js';
export type { ServiceOptions, StaticInstance } from '../discovery/service-options.js';
export type { ResolvedService, WaitOptions } from '../discovery/service-view.js';
export type { ResolvedInstance } from '../contracts/resolved-instance.js';
export type { ServiceEvents, ServicePresence, ServiceSnapshot, SnapshotSource } from '../contracts/service-snapshot.js';
