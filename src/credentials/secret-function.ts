import { abortable } from '../core/abort.js';
import { asError } from '../core/errors.js';
import { printable } from '../core/printable.js';

/** What a function of the user's gave. An error of it may contain the secret, so `thrown` is its code or class only. */
export type SecretAnswer = { readonly value: unknown } | { readonly thrown: string; readonly cause: unknown };

/** Asks a function of the user's for a secret. Rejects with the signal's reason only. */
export async function callSecretFunction(ask: () => unknown, signal: AbortSignal): Promise<SecretAnswer> {
  try {
    return { value: await abortable(Promise.resolve(ask()), signal) };
  } catch (cause) {
    signal.throwIfAborted();
    const error = asError(cause);
    return { thrown: printable('code' in error && typeof error.code === 'string' ? error.code : error.name), cause };
  }
}
