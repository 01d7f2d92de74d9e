import { asError, hasCode, isError, isRegistrarError } from '../core/errors.js';

/**
 * True if the registry processed the request and refused it. After any other failure the request may still take
 * effect.
 */
export function isAnswer(error: unknown): boolean {
  return (
    hasCode(error, 'ROLLCALL_REGISTRATION_LOST') ||
    hasCode(error, 'ROLLCALL_REGISTRY_REJECTED') ||
    hasCode(error, 'ROLLCALL_REGISTRY_DENIED') ||
    hasCode(error, 'ROLLCALL_CONFIG') ||
    (isRegistrarError(error) && error.answered === true)
  );
}

/** True if no connection was established, so that nothing can arrive later. */
export function wasNeverSent(error: unknown): boolean {
  const { cause } = asError(error);
  return isError(cause) && 'syscall' in cause && (cause.syscall === 'connect' || cause.syscall === 'getaddrinfo');
}
