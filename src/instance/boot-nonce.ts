/** A random value for one incarnation of an instance: 16 hexadecimal digits. */
export function bootNonce(): string {
  // The global, not node:crypto: it is loaded at first use instead of at import.
  return Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex');
}
