/** Anything but letters, marks, digits, punctuation, symbols and the plain space; a percent sign too. */
const unfit = /[%\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/**
 * True for a name or id that a registry can be asked for. Consul answers 400 to a path with a character that does not print,
 * servers clean dots and empty segments out of paths, some decode a percent sign twice, and a lone surrogate does not survive
 * UTF-8: such an entry could be written, and then nobody could beat or remove it.
 */
export function isAddressable(text: string): boolean {
  return !unfit.test(text) && !text.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
}
