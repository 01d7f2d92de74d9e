import { asError, isError } from '../core/errors.js';

/** True if no connection was established, so that nothing can arrive later. */
export function wasNeverSent(error: unknown): boolean {
  const { cause } = asError(error);
  return isError(cause) && 'syscall' in cause && (cause.syscall === 'connect' || cause.syscall === 'getaddrinfo');
}
