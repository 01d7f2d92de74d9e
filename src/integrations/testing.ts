export { memory } from '../backends/memory/memory-registry.js';
export { registryContract } from './testing/registry-contract.js';
export { startFaultProxy } from './testing/fault-proxy.js';
