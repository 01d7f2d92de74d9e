import { abortable } from '../core/abort.js';
import { RegistryUnavailableError, asError } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { rememberSecret } from '../core/secrets.js';

/** What a function is asked for, for messages. */
export interface SecretQuestion {
  readonly registry: string;
  readonly operation: string;
  /** The option that is the function. */
  readonly option: string;
  /** What it has to return. */
  readonly allowed: string;
  readonly isAllowed: (value: unknown) => value is string;
}

/**
 * Asks a function of the user's for a secret. Rejects with the signal's reason, and with `RegistryUnavailableError` if
 * it throws or returns no such secret. An error of it may contain the secret, so ours has its code or class only.
 */
export async function callSecretFunction(
  ask: () => unknown,
  { registry, operation, option, allowed, isAllowed }: SecretQuestion,
  signal: AbortSignal,
): Promise<string> {
  const failed = (what: string) =>
    new RegistryUnavailableError(
      `The function ${registry}({ ${option} }) ${what}, so no ${operation} request was sent: make it return ${allowed}`,
      { registry, operation },
    );
  let value: unknown;
  try {
    value = await abortable(Promise.resolve(ask()), signal);
  } catch (cause) {
    signal.throwIfAborted();
    const error = asError(cause);
    const kind = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    throw failed(`threw (${printable(kind)})`);
  }
  if (!isAllowed(value)) throw failed('returned none');
  rememberSecret(value, 'changing');
  return value;
}
