import { constants } from 'node:os';
import { IP_REGEX } from 'valibot';

import { isAddressable } from '../contracts/addressable.js';
import { consulLimits } from './consul-limits.js';
import { isIpLiteral, isWildcard } from '../net/ip-address.js';

/** Ours: the default id, `name-host-port`, stays within what an id may have. */
export const LONGEST_NAME = 128;
/** The file registry's, which keeps one file an id: the longest file name that most file systems have. */
export const LONGEST_ID = 255;
/** Ours: with `LONGEST_TAG_BYTES` it keeps a registration well under the 512 KiB that the strictest Consul takes. */
export const MOST_TAGS = 256;
const LONGEST_TAG_BYTES = 1024;
/** One of Consul's is rollcall's own: the nonce of the incarnation. */
export const MOST_META = consulLimits.mostMeta - 1;
const consulTakes = `Consul takes ${String(consulLimits.mostMeta)}, one is rollcall's own`;
export const META_ROOM = `at most ${String(MOST_META)} pairs (${consulTakes})`;
const RESERVED_META = 'rollcall_';
const LONGEST_HOST_NAME = 253;

/** Control characters, line separators, what turns the direction of writing, and surrogates that are not a pair. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** A text that has something in it besides blanks, no control characters, and at most `longest` characters. */
export function isPlainText(text: string, longest = Infinity): boolean {
  return text.length <= longest && text.trim() !== '' && !unprintable.test(text);
}

/** What is wrong with a name or an id, as "what is allowed"; undefined when nothing is. */
export function keyFault(kind: string, longest: number, text: string): string | undefined {
  if (!isPlainText(text, longest)) return `${kind} of 1 to ${longest} characters, none of them a control character`;
  return isAddressable(text)
    ? undefined
    : `${kind} of characters that print, without '%', and between slashes neither nothing nor '.' nor '..'`;
}

/** What is wrong with a tag, as "what is allowed"; undefined when nothing is. */
export function tagFault(tag: string): string | undefined {
  if (Buffer.byteLength(tag) > LONGEST_TAG_BYTES) return `a tag of at most ${LONGEST_TAG_BYTES} bytes`;
  return isPlainText(tag) ? undefined : 'a text that is not empty, without control characters';
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
  return (
    typeof signal === 'string' &&
    Object.hasOwn(constants.signals, signal) &&
    signal !== 'SIGKILL' &&
    signal !== 'SIGSTOP'
  );
}

/** What is wrong with a meta key, as "what is allowed"; undefined when nothing is. */
export function metaKeyFault(key: string): string | undefined {
  if (!consulLimits.metaKey.test(key)) return 'a key of letters, digits, `_` and `-` only';
  if (key.length > consulLimits.longestMetaKey)
    return `a key of at most ${String(consulLimits.longestMetaKey)} characters`;
  if (key.startsWith(RESERVED_META)) return `a key that does not start with ${RESERVED_META}, which is rollcall's own`;
  return undefined;
}

/** What is wrong with a meta value, as "what is allowed"; undefined when nothing is. */
export function metaValueFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'a string';
  const { longestMetaBytes } = consulLimits;
  if (Buffer.byteLength(value) > longestMetaBytes) return `at most ${String(longestMetaBytes)} bytes`;
  return unprintable.test(value) ? 'no control characters' : undefined;
}

/** What is wrong with the name of a component, as "what is allowed"; undefined when nothing is. It stands in the registry and in answers to anyone. */
export function componentNameFault(name: unknown): string | undefined {
  return typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)
    ? undefined
    : 'a name of letters, digits, `.`, `_` and `-`, at most 64 characters';
}
