import { constants } from 'node:os';
import { IP_REGEX } from 'valibot';

import { isIpLiteral, isWildcard } from '../instance/address.js';

/** 128, so that the default id, `name-host-port`, stays within what an id may have. */
export const LONGEST_NAME = 128;
/** The longest file name most file systems have: the file registry keeps one file an id. */
export const LONGEST_ID = 255;
/** Consul takes 64; one is ours, the nonce of the incarnation. */
export const MOST_META = 63;
export const META_ROOM = `at most ${String(MOST_META)} pairs (Consul takes 64, one is rollcall's own)`;
const LONGEST_META_KEY = 128;
const LONGEST_META_BYTES = 512;
const RESERVED_META = 'rollcall_';
const LONGEST_HOST_NAME = 253;

/** A text that has something in it besides blanks, no control characters, and at most `longest` characters. */
export function isPlainText(text: string, longest = Infinity): boolean {
  return text.trim() !== '' && text.length <= longest && !/\p{Cc}/u.test(text);
}

/** A host name or IP that a client could connect to: no URL, no port, no brackets, no wildcard. */
export function isHost(address: string): boolean {
  if (IP_REGEX.test(address)) return !isWildcard(address);
  return address.length <= LONGEST_HOST_NAME && /^[A-Za-z0-9._-]+$/.test(address) && !isIpLiteral(address);
}

/** A path below the root, without query or fragment. */
export function isPath(path: string): boolean {
  return /^\/[^\s?#/][^\s?#]*$/.test(path);
}

/** A path that starts with `/`, or an absolute http or https URL. */
export function isPathOrUrl(target: string): boolean {
  if (/[\s\p{Cc}]/u.test(target)) return false;
  if (target.startsWith('/')) return !target.startsWith('//');
  return /^https?:\/\//i.test(target) && URL.canParse(target);
}

/** What ports and weights can be: a whole number from 1 to 65535. */
export function isPositive16Bit(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** A signal that a process can listen for. */
export function isCatchableSignal(signal: unknown): boolean {
  return typeof signal === 'string' && Object.hasOwn(constants.signals, signal) && signal !== 'SIGKILL' && signal !== 'SIGSTOP';
}

/** What is wrong with a meta key, as "what is allowed"; undefined when nothing is. */
export function metaKeyFault(key: string): string | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return 'a key of letters, digits, `_` and `-` only';
  if (key.length > LONGEST_META_KEY) return `a key of at most ${String(LONGEST_META_KEY)} characters`;
  if (key.startsWith(RESERVED_META)) return `a key that does not start with ${RESERVED_META}, which is rollcall's own`;
  return undefined;
}

/** What is wrong with a meta value, as "what is allowed"; undefined when nothing is. */
export function metaValueFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'a string';
  if (Buffer.byteLength(value) > LONGEST_META_BYTES) return `at most ${String(LONGEST_META_BYTES)} bytes`;
  return /\p{Cc}/u.test(value) ? 'no control characters' : undefined;
}
