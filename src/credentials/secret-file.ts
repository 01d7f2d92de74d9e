import { isError } from '../core/errors.js';

/** Far above the size of a token or a bundle of certificates. */
const LARGEST_BYTES = 1024 * 1024;

/**
 * Reads a small text file, synchronously so that a constructor can use it. Returns a failure as `problem` instead of
 * throwing.
 */
export function readText(path: string): { readonly text: string } | { readonly problem: string } {
  const { readFileSync, statSync } = process.getBuiltinModule('node:fs');
  try {
    const found = statSync(path);
    if (!found.isFile()) return { problem: 'is not a file' };
    if (found.size > LARGEST_BYTES) return { problem: `is larger than ${String(LARGEST_BYTES)} bytes` };
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    return {
      problem: `cannot be read (${isError(error) && 'code' in error ? String(error.code) : String(error)})`,
    };
  }
}
