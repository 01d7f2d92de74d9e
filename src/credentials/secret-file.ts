import { isError } from '../core/errors.js';
/** Far above what a token or a bundle of certificates has. */
const LARGEST_BYTES = 1024 * 1024;

/** A small file as text, read at once so that a constructor can refuse it; what went wrong is a problem and no throw. */
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
