export { memory } from '../backends/memory/memory-registry.js';
export { registryContract } from './testing/registry-contract.js';
export { discoveryContract } from './testing/discovery-contract.js';
export { fakeResolver } from './testing/fake-resolver.js';
export type { FakeInstances, FakeResolver } from './testing/fake-resolver.js';
export { startFaultProxy } from './testing/fault-proxy.js';
