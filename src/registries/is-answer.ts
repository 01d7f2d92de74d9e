import { hasCode } from '../core/errors.js';

/** The registry has dealt with the request and said no; after any other failure it may still do what was asked. */
export function isAnswer(error: unknown): boolean {
  return (
    hasCode(error, 'ROLLCALL_REGISTRATION_LOST') ||
    hasCode(error, 'ROLLCALL_REGISTRY_REJECTED') ||
    hasCode(error, 'ROLLCALL_REGISTRY_DENIED') ||
    hasCode(error, 'ROLLCALL_CONFIG')
  );
}
