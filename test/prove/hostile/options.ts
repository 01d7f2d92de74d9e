import type { OwnOptions } from '../experiment/experiment.js';
import { backends, threads } from './judge-hostile.js';

/**
 * `--answers`: how many hostile answers a backend and thread, `--only` one backend, or the planted faults, `--thread` only one, `--answer`: every hostile answer is
 * the one with this seed.
 */
export const hostileOptions: OwnOptions = {
  answers: 'number',
  only: [...backends, 'planted'],
  thread: threads,
  answer: 'number',
};
