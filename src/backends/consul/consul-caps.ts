import { RegistryUnavailableError } from '../../core/errors.js';
import type { ConfigIssue, RegistrarError } from '../../core/errors.js';
import { resolveCap } from '../../net/answer-cap.js';
import type { AnswerCap, AnswerTooLongError, CapOption } from '../../net/answer-cap.js';

/** The most bytes of an answer. */
export interface ConsulCaps {
  readonly look: AnswerCap;
  readonly batchLook: AnswerCap;
  readonly list: AnswerCap;
}

/** Adds problems to `issues`. */
export function capsOf(
  { maxLookBytes, maxBatchLookBytes, maxListBytes }: Readonly<Partial<Record<CapOption, unknown>>>,
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
  // The npm client puts its name before the message.
  const why = cause.message.replace(/^consul: /, '');
  return new RegistryUnavailableError(
    `Consul at ${shown} answered ${operation}, but ${why}, so it is not used: raise that option`,
    { registry: 'consul', operation, cause },
  );
}
