import type { OwnOptions } from '../experiment/experiment.js';

export const installsOptions = {
  /** Consumers of this kind only. */
  only: ['node', 'jest', 'typescript', 'bundlers', 'calls'],
} satisfies OwnOptions;
