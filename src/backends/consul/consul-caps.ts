import { RegistryUnavailableError } from '../../core/errors.js';
import type { ConfigIssue, RegistrarError } from '../../core/errors.js';
import { resolveCap } from '../../net/answer-cap.js';
import type { AnswerCap, AnswerTooLongError } from '../../net/answer-cap.js';
import type { ConsulOptions } from './consul-options.js';

/** The most bytes of an answer. */
export interface ConsulCaps {
  readonly look: AnswerCap;
  readonly batchLook: AnswerCap;
  readonly list: AnswerCap;
}

/** Adds problems to `issues`. */
export function capsOf(
  { maxLookBytes, maxBatchLookBytes, maxListBytes }: ConsulOptions,
  issues: ConfigIssue[],
): ConsulCaps {
  return {
    look: resolveCap('consul', 'maxLookBytes', maxLookBytes, issues),
    batchLook: resolveCap('consul', 'maxBatchLookBytes', maxBatchLookBytes, issues),
    list: resolveCap('consul', 'maxListBytes', maxListBytes, issues),
  };
}

/** The error for an answer that is longer than its cap. */
export function overCap(cause: AnswerTooLongError, operation: string, shown: string): RegistrarError {
  return new RegistryUnavailableError(
    `Consul at ${shown} answered ${operation}, but ${cause.message}, so it is not used: raise that option`,
    { registry: 'consul', operation, cause },
  );
}
