/**
 * True for a name or id that a registry can be asked for. Servers clean dots and empty segments out of paths, some decode a
 * percent sign twice, and a lone surrogate does not survive UTF-8: such an entry could be written and never removed.
 */
export function isAddressable(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (/[%\p{Cs}\u0000-\u001f\u007f]/u.test(text)) return false;
  return !text.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
}
