import { leasedFrom } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';

export const SUFFIX = '.json';

/** File systems allow 255 bytes; temporary files add a few. */
const LONGEST_NAME = 180;

/**
 * A file name for any text: different texts give different names (also where case does not count), and none can leave its
 * directory.
 */
export function encodeName(text: string): string {
  const encoded = text.replace(/[^a-z0-9_.-]|^\./gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  // Neither can come out of the above: '%' is always followed by two digits there.
  if (encoded === '') return '%';
  return encoded.length <= LONGEST_NAME ? encoded : `%~${sha256(text)}`;
}

/** Of all that is done here only this needs node:crypto, which is slow to load: asked for at first use, not imported. */
function sha256(text: string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(text).digest('hex');
}

export function encodeLeased(leased: LeasedInstance): string {
  return `${JSON.stringify(leased, undefined, 2)}\n`;
}

/** Undefined for a file that is not an entry. */
export function decodeLeased(text: string): LeasedInstance | undefined {
  try {
    return leasedFrom(JSON.parse(text));
  } catch {
    return undefined;
  }
}
