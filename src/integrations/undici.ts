export { discover } from './undici/discover.js';
export type { DiscoverOptions } from './undici/discover.js';
export { pools } from './undici/pools.js';
export type { AgentFactory } from './undici/pools.js';
