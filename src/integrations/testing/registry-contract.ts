import type { ContractCase } from './contract/contract-case.js';
import { hostileCases } from './contract/hostile-cases.js';
import { leavingCases } from './contract/leaving-cases.js';
import { livingCases } from './contract/living-cases.js';
import { roundTripCases } from './contract/round-trip-cases.js';
import { troubleCases } from './contract/trouble-cases.js';
import { waitingCases } from './contract/waiting-cases.js';

export type { ContractCase, ContractHarness } from './contract/contract-case.js';

/** The contract of `Registry` as test cases for any test runner: call `run` of each with a fresh harness. */
export const registryContract: readonly ContractCase[] = [
  ...livingCases,
  ...leavingCases,
  ...hostileCases,
  ...waitingCases,
  ...roundTripCases,
  ...troubleCases,
];
