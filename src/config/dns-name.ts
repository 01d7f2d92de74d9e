/** The maximum length of a DNS label. */
export const LONGEST_LABEL = 63;

/**
 * True for a valid DNS label (as in `<name>.service.consul`): letters, digits and inner dashes, at most 63 characters.
 */
export function isDnsName(name: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name);
}

/** Converts a name to a valid DNS label: drops accents, replaces other invalid characters by dashes, cuts at 63. */
export function toDnsName(name: string): string {
  return trimDashes(toDashes(name).slice(0, LONGEST_LABEL)) || 'service';
}

/**
 * Drops accents and replaces every other run of characters but letters and digits by one dash. The result may be empty,
 * and of any length.
 */
export function toDashes(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '');
  return trimDashes(plain.replace(/[^A-Za-z0-9]+/g, '-'));
}

function trimDashes(text: string): string {
  return text.replace(/^-+|-+$/g, '');
}
