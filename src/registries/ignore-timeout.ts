import { hasCode } from '../core/errors.js';

/**
 * Treats a timed-out long poll as news. Not every registry ends a poll by itself, and after that time a read is due
 * anyway.
 */
export function ignoreTimeout(error: unknown): void {
  if (!hasCode(error, 'ROLLCALL_TIMEOUT')) throw error;
}
