import { RegistryUnavailableError } from '../../core/errors.js';
import { callSecretFunction } from '../../credentials/secret-function.js';
import { readText } from '../../credentials/secret-file.js';

/** Returns the current password. Called for each new connection. */
export type PasswordFunction = () => string | Promise<string>;

/** The source of a password. */
export type PasswordSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly password: string }
  /** `password` is what the file contained at first. */
  | { readonly kind: 'file'; readonly path: string; readonly password: string }
  | { readonly kind: 'function'; readonly ask: PasswordFunction; readonly option: string };

/** Reads a password from a file, without the whitespace around it. */
export function readPasswordFile(path: string): { readonly password: string } | { readonly problem: string } {
  const read = readText(path);
  if ('problem' in read) return read;
  const password = read.text.trim();
  return password === '' ? { problem: 'is empty' } : { password };
}

/**
 * Calls the function. Rejects with `RegistryUnavailableError` if it throws, whose words may contain the password, or
 * returns none.
 */
export async function requestPassword(
  { ask, option }: Extract<PasswordSource, { kind: 'function' }>,
  signal: AbortSignal,
): Promise<string> {
  const answer = await callSecretFunction(ask, signal);
  if ('thrown' in answer)
    throw new RegistryUnavailableError(
      `The function redis({ ${option} }) threw (${answer.thrown}), so no connection was opened: ` +
        'make it return a password',
      { registry: 'redis' },
    );
  const { value } = answer;
  if (typeof value === 'string' && value !== '') return value;
  throw new RegistryUnavailableError(
    `The function redis({ ${option} }) returned no password, so no connection was opened: ` +
      'make it return a non-empty text',
    { registry: 'redis' },
  );
}
