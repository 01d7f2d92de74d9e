/** The longest label DNS has. */
export const LONGEST_LABEL = 63;

/** True when DNS can carry the name as one label (`<name>.service.consul`): letters, digits and inner dashes, at most 63. */
export function isDnsName(name: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name);
}

/** The nearest name that DNS can carry: accents dropped, anything else that does not fit made a dash, cut at 63. */
export function toDnsName(name: string): string {
  return trimDashes(toDashes(name).slice(0, LONGEST_LABEL)) || 'service';
}

/** Letters, digits and single dashes between them: accents dropped, whatever else there is made a dash. May be empty, and of any length. */
export function toDashes(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '');
  return trimDashes(plain.replace(/[^A-Za-z0-9]+/g, '-'));
}

function trimDashes(text: string): string {
  return text.replace(/^-+|-+$/g, '');
}
