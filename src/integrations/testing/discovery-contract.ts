import type { ContractCase } from './contract/contract-case.js';
import { discoveryCases } from './contract/discovery-cases.js';

/**
 * What the readers of a registry get through a resolver, as test cases for any test runner: call `run` of each with a
 * fresh harness, as for `registryContract`. The registry needs `discovery`.
 */
export const discoveryContract: readonly ContractCase[] = discoveryCases;
