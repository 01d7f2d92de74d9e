import { abortable } from '../../core/abort.js';
import { RegistryUnavailableError, asError } from '../../core/errors.js';
import { printable } from '../../core/printable.js';
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
  let value: unknown;
  try {
    value = await abortable(Promise.resolve(ask()), signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new RegistryUnavailableError(
      `The function redis({ ${option} }) threw (${kindOf(cause)}), so no connection was opened: ` +
        'make it return a password',
      { registry: 'redis' },
    );
  }
  if (typeof value === 'string' && value !== '') return value;
  throw new RegistryUnavailableError(
    `The function redis({ ${option} }) returned no password, so no connection was opened: ` +
      'make it return a non-empty text',
    { registry: 'redis' },
  );
}

/** The code or class of an error of the user's own. */
function kindOf(thrown: unknown): string {
  const error = asError(thrown);
  return 'code' in error && typeof error.code === 'string' ? printable(error.code) : printable(error.name);
}
