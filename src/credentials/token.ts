import { readSecret } from './secret-file.js';
import type { FileProblem } from './secret-file.js';

/** Returns the current token. */
export type TokenFunction = () => string | Promise<string>;

/** The source of a token. */
export type TokenSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly token: string }
  /** `token` is what the file contained at first; undefined: it is yet to be written. */
  | { readonly kind: 'file'; readonly path: string; readonly token: string | undefined }
  | { readonly kind: 'function'; readonly ask: TokenFunction };

/** Describes a valid token, for messages. */
export const TOKEN_ALLOWED = 'a non-empty text of printable ASCII characters';

/** True for a text that can be sent in an HTTP header. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

/** Reads a token from a file, without the whitespace around it. */
export function readTokenFile(path: string): { readonly secret: string } | FileProblem {
  return readSecret(path, (text) => (isToken(text.trim()) ? text.trim() : undefined));
}
