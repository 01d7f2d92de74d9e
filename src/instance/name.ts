/** The longest label DNS has. */
const LONGEST_LABEL = 63;

/** True when DNS can carry the name as one label (`<name>.service.consul`): letters, digits and inner dashes, at most 63. */
export function isDnsName(name: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name);
}

/** The nearest name that DNS can carry: accents dropped, anything else that does not fit made a dash, cut at 63. */
export function toDnsName(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '');
  const label = trimDashes(plain.replace(/[^A-Za-z0-9]+/g, '-')).slice(0, LONGEST_LABEL);
  return trimDashes(label) || 'service';
}

function trimDashes(text: string): string {
  return text.replace(/^-+|-+$/g, '');
}
