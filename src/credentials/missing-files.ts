import { RegistryUnavailableError } from '../core/errors.js';

/** Throws `RegistryUnavailableError` while files are missing without which no request can be sent. */
export function assertNoneMissing(missing: readonly string[], registry: string, operation: string): void {
  if (missing.length === 0) return;
  throw new RegistryUnavailableError(
    `${missing.join('; ')}, so no ${operation} request was sent: write it, or correct the path`,
    { registry, operation },
  );
}

/** Says that a file has to be written, e.g. the `token` file. */
export function missingFile(kind: string, shown: string): string {
  return `the ${kind} file ${shown} is not there yet, or empty`;
}
