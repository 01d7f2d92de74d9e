import { isError } from '../core/errors.js';

/** Far above the size of a token or a bundle of certificates. */
const LARGEST_BYTES = 1024 * 1024;

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
