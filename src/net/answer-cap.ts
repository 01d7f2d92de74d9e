import type { ConfigIssue } from '../core/errors.js';
import { isError } from '../core/errors.js';

const MIB = 1024 * 1024;

/** The most bytes of an answer, and the option that sets it, for the message. */
export interface AnswerCap {
  readonly bytes: number;
  readonly option?: string;
}

/** The options of a registry that set caps, and their defaults in bytes. */
const defaultCaps = {
  /** An entry at the limits of our own options is 0.6 MB. */
  maxLookBytes: MIB,
  maxBatchLookBytes: 8 * MIB,
  /** Lists of 5,000 instances are half of it. */
  maxListBytes: 32 * MIB,
} as const;

export type CapOption = keyof typeof defaultCaps;

/** Room for a usual entry. */
const LEAST_CAP_BYTES = 64 * 1024;
const MOST_CAP_BYTES = 256 * MIB;

/** The cap that an option of a registry sets, e.g. of `etcd`. Adds a problem to `issues`. */
export function resolveCap(
  registry: string,
  option: CapOption,
  value: unknown,
  issues: ConfigIssue[],
): Required<AnswerCap> {
  const isCap =
    typeof value === 'number' && Number.isInteger(value) && value >= LEAST_CAP_BYTES && value <= MOST_CAP_BYTES;
  if (value !== undefined && !isCap)
    issues.push({
      field: option,
      value,
      allowed: `a whole number from ${String(LEAST_CAP_BYTES)} to ${String(MOST_CAP_BYTES)}`,
    });
  return { bytes: isCap ? value : defaultCaps[option], option: `${registry}({ ${option} })` };
}

/** The answer is longer than its cap. */
export class AnswerTooLongError extends Error {
  readonly code = 'ERR_ANSWER_TOO_LONG';

  constructor({ bytes, option }: AnswerCap) {
    const source = option === undefined ? '' : `, the most that ${option} allows`;
    super(`the answer is longer than ${String(bytes)} bytes${source}`);
    this.name = new.target.name;
  }
}

export function isTooLong(thrown: unknown): thrown is AnswerTooLongError {
  return isError(thrown) && 'code' in thrown && thrown.code === 'ERR_ANSWER_TOO_LONG';
}
