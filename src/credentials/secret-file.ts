import { isError } from '../core/errors.js';
import { HIDDEN, rememberSecret } from '../core/secrets.js';

/** Far above the size of a token or a bundle of certificates. */
const LARGEST_BYTES = 1024 * 1024;
const LONGEST_PATH = 300;

/** Why a file cannot be used. */
export interface FileProblem {
  readonly problem: string;
  /** The file is not there or still empty, so that it may be written yet. */
  readonly isPending?: true;
}

/**
 * Reads a small text file, synchronously so that a constructor can use it. Returns a failure as `problem` instead of
 * throwing.
 */
export function readText(path: string): { readonly text: string } | FileProblem {
  const { readFileSync, statSync } = process.getBuiltinModule('node:fs');
  try {
    const found = statSync(path);
    if (!found.isFile()) return { problem: 'is not a file' };
    if (found.size > LARGEST_BYTES) return { problem: `is larger than ${String(LARGEST_BYTES)} bytes` };
    const text = readFileSync(path, 'utf8');
    return text.trim() === '' ? { problem: 'is empty', isPending: true } : { text };
  } catch (error) {
    const code = isError(error) && 'code' in error ? String(error.code) : String(error);
    const isPending = code === 'ENOENT' || code === 'ENOTDIR';
    return { problem: `cannot be read (${code})`, ...(isPending && { isPending }) };
  }
}

/** Reads a file whose content is a secret, which `take` cuts out of the text: undefined for an unusable text. */
export function readSecret(
  path: string,
  take: (text: string) => string | undefined,
): { readonly secret: string } | FileProblem {
  const read = readText(path);
  if ('problem' in read) return read;
  const secret = take(read.text);
  if (secret === undefined) return { problem: 'contains no usable text' };
  rememberSecret(secret, 'changing');
  return { secret };
}

/** A path for a message. What does not look like one may be the secret itself, given to the wrong option. */
export function shownPath(path: string): string {
  const looksLikePath = /^(~|\.{1,2})?[\\/]|^[a-z]:[\\/]|\.[a-z]{2,6}$/i.test(path) && !/[\r\n]/.test(path);
  return looksLikePath && path.length <= LONGEST_PATH ? path : HIDDEN;
}

/** True for a text that can be a path. */
export function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}
