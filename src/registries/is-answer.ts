import { hasCode } from '../core/errors.js';

/**
 * True if the registry processed the request and refused it. After any other failure the request may still take
 * effect.
 */
export function isAnswer(error: unknown): boolean {
  return (
    hasCode(error, 'ROLLCALL_REGISTRATION_LOST') ||
    hasCode(error, 'ROLLCALL_REGISTRY_REJECTED') ||
    hasCode(error, 'ROLLCALL_REGISTRY_DENIED') ||
    hasCode(error, 'ROLLCALL_CONFIG')
  );
}
