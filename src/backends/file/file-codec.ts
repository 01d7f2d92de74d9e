import { leasedFrom } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';

export const SUFFIX = '.json';

/** File systems allow 255 bytes, of which temporary files need some for a suffix. */
const LONGEST_NAME = 180;

/**
 * Encodes any text as a file name. Different texts give different names, also on file systems that ignore case, and
 * no name can leave its directory.
 */
export function encodeName(text: string): string {
  const encoded = text.replace(/[^a-z0-9_.-]|^\./gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  // The encoding above yields neither '%' nor '%~': there, two hex digits always follow a '%'.
  if (encoded === '') return '%';
  return encoded.length <= LONGEST_NAME ? encoded : `%~${sha256(text)}`;
}

/** Loads node:crypto at first use, because it is slow to load and only long names need it. */
function sha256(text: string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex');
}

export function encodeLeased(leased: LeasedInstance): string {
  return `${JSON.stringify(leased, undefined, 2)}\n`;
}

/** Undefined if the text is not an entry. */
export function decodeLeased(text: string): LeasedInstance | undefined {
  try {
    return leasedFrom(JSON.parse(text));
  } catch {
    return undefined;
  }
}
