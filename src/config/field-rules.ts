import { constants } from 'node:os';
import { isAddressable } from '../contracts/addressable.js';
import { consulLimits } from './consul-limits.js';
import { holdsSecret } from '../core/secrets.js';
import { isIpAddress, isIpLiteral, isWildcard } from '../net/ip-address.js';
import { isSignalElsewhere } from './stop-signals.js';

/** Ours: leaves room in `LONGEST_ID` for the default id, `name-host-port`. */
export const LONGEST_NAME = 128;
/** The file registry's, which has one file per id: the maximum length of a file name on most file systems. */
export const LONGEST_ID = 255;
/** Ours: together with `LONGEST_TAG_BYTES` keeps a registration well under Consul's smallest limit, 512 KiB. */
export const MOST_TAGS = 256;
const LONGEST_TAG_BYTES = 1024;
/** One of Consul's pairs is the nonce of the incarnation. */
export const MOST_META = consulLimits.mostMeta - 1;
const consulAllows = `Consul allows ${String(consulLimits.mostMeta)}, and rollcall needs one`;
export const META_ROOM = `at most ${String(MOST_META)} pairs (${consulAllows})`;
const RESERVED_META = 'rollcall_';
const LONGEST_HOST_NAME = 253;

/** Control characters, line separators, bidirectional controls and unpaired surrogates. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** True for a text that is not blank, has no control characters and at most `longest` characters. */
export function isPlainText(text: string, longest = Infinity): boolean {
  return text.length <= longest && text.trim() !== '' && !unprintable.test(text);
}

/** Describes what a name or an id must be; undefined when it is valid. */
export function keyFault(kind: string, longest: number, text: string): string | undefined {
  if (!isPlainText(text, longest)) return `${kind} of 1 to ${longest} characters, none of them a control character`;
  return isAddressable(text)
    ? undefined
    : `${kind} of printable characters, without '%', and without empty, '.' or '..' segments between slashes`;
}

/** Describes what a tag must be; undefined when it is valid. */
export function tagFault(tag: string): string | undefined {
  if (Buffer.byteLength(tag) > LONGEST_TAG_BYTES) return `a tag of at most ${LONGEST_TAG_BYTES} bytes`;
  return isPlainText(tag) ? undefined : 'a text that is not empty, without control characters';
}

/** True for a host name or IP that a client can connect to: no URL, no port, no brackets, no wildcard. */
export function isHost(address: string): boolean {
  if (isIpLiteral(address)) return isIpAddress(address) && !isWildcard(address);
  return address.length <= LONGEST_HOST_NAME && /^[A-Za-z0-9._-]+$/.test(address);
}

/** True for a path below the root, without query or fragment. */
export function isPath(path: string): boolean {
  return /^\/[^\s?#/][^\s?#]*$/.test(path);
}

/**
 * True for a path that starts with `/`, or an absolute http or https URL. Everyone who reads the registry reads it, so
 * it carries no credentials.
 */
export function isPathOrUrl(target: string): boolean {
  if (/[\s\p{Cc}]/u.test(target) || holdsSecret(target)) return false;
  if (target.startsWith('/')) return !target.startsWith('//');
  if (!/^https?:\/\//i.test(target) || !URL.canParse(target)) return false;
  const { username, password } = new URL(target);
  return username === '' && password === '';
}

/** True for a valid port or weight: a whole number from 1 to 65535. */
export function isPositive16Bit(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** True for a signal that a process can handle, on this system or another. */
export function isCatchableSignal(signal: unknown): boolean {
  return (
    typeof signal === 'string' &&
    (Object.hasOwn(constants.signals, signal) || isSignalElsewhere(signal)) &&
    signal !== 'SIGKILL' &&
    signal !== 'SIGSTOP'
  );
}

/** Describes what a meta key must be; undefined when it is valid. */
export function metaKeyFault(key: string): string | undefined {
  if (!consulLimits.metaKey.test(key)) return 'a key of letters, digits, `_` and `-` only';
  if (key.length > consulLimits.longestMetaKey)
    return `a key of at most ${String(consulLimits.longestMetaKey)} characters`;
  if (key.startsWith(RESERVED_META))
    return `a key that does not start with ${RESERVED_META}, which is reserved for rollcall`;
  return undefined;
}

/** Describes what a meta value must be; undefined when it is valid. */
export function metaValueFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'a string';
  const { longestMetaBytes } = consulLimits;
  if (Buffer.byteLength(value) > longestMetaBytes) return `at most ${String(longestMetaBytes)} bytes`;
  return unprintable.test(value) ? 'no control characters' : undefined;
}

/**
 * Describes what the name of a component must be; undefined when it is valid. The name is public: it appears in the
 * registry and in health answers.
 */
export function componentNameFault(name: unknown): string | undefined {
  return typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)
    ? undefined
    : 'a name of letters, digits, `.`, `_` and `-`, at most 64 characters';
}
