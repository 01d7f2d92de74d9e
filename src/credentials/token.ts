import { readText } from './secret-file.js';

/** A function that gives the token of the moment. */
export type TokenFunction = () => string | Promise<string>;

/** Where a token comes from. */
export type TokenSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly token: string }
  /** With what was in it at first. */
  | { readonly kind: 'file'; readonly path: string; readonly token: string }
  | { readonly kind: 'function'; readonly ask: TokenFunction };

/** What a token may be, for messages. */
export const TOKEN_ALLOWED = 'a non-empty text of printable ASCII characters';

/** True for what can be sent as a header. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

/** The token in a file; blanks around it do not count. */
export function readTokenFile(path: string): { readonly token: string } | { readonly problem: string } {
  const read = readText(path);
  if ('problem' in read) return read;
  const token = read.text.trim();
  return isToken(token) ? { token } : { problem: 'has no token in it' };
}
