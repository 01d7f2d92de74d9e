/** A random value that identifies one incarnation of an instance: 16 hexadecimal digits. */
export function bootNonce(): string {
  // The global `crypto`, because Node loads it at first use, and `node:crypto` at import.
  return Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex');
}
