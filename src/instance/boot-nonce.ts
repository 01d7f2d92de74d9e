import { randomBytes } from 'node:crypto';

/** A random value for one incarnation of an instance: 16 hexadecimal digits. */
export function bootNonce(): string {
  return randomBytes(8).toString('hex');
}
