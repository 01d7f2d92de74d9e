/** Everything except letters, marks, digits, punctuation, symbols and the plain space; also the percent sign. */
const unfit = /[%\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/**
 * Whether a registry's URLs can carry the name or id. Consul answers 400 to unprintable characters, servers normalize
 * dots and empty segments, some decode a percent sign twice, and a lone surrogate does not survive UTF-8. Such an
 * entry could be written but never renewed or removed.
 */
export function isAddressable(text: string): boolean {
  return !unfit.test(text) && !text.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
}
