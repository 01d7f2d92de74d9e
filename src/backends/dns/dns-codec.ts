import { RECURSION_DESIRED, decode, streamEncode } from 'dns-packet';
import type { Answer, DecodedPacket } from 'dns-packet';

/** What was asked. */
export interface DnsQuery {
  /** Pairs the answer with the question; 0 to 65,535. */
  readonly id: number;
  readonly name: string;
}

/** A record of an answer, of which only these kinds matter. Names are in lower case, without a dot at their end. */
export type DnsRecord = { readonly name: string; readonly ttlMs: number } & (
  | {
      readonly kind: 'srv';
      readonly target: string;
      readonly port: number;
      readonly priority: number;
      readonly weight: number;
    }
  | { readonly kind: 'address'; readonly family: 4 | 6; readonly address: string }
  | { readonly kind: 'alias'; readonly target: string }
);

/** What a server says to a question. `none`: there is no such name. */
export type DnsAnswer =
  | { readonly kind: 'records'; readonly records: readonly DnsRecord[] }
  | { readonly kind: 'none'; readonly ttlMs: number }
  /** `code` is what the server calls its trouble, e.g. `SERVFAIL`. */
  | { readonly kind: 'failed'; readonly code: string }
  /** There is more than fits into an answer over TCP. */
  | { readonly kind: 'truncated' };

/**
 * Consul cuts what does not fit and does not say so: another part of the instances each time. It cuts so little that
 * the answer is nearer to the limit than a record is long.
 */
const FULL_BYTES = 65_535 - 1_024;
/** A TTL with the highest bit set means 0 (https://www.rfc-editor.org/rfc/rfc2181#section-8). */
const LARGEST_TTL = 2 ** 31 - 1;

/** The question, with its length in front, as TCP wants it. */
export function encodeQuery({ id, name }: DnsQuery): Buffer {
  return streamEncode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type: 'SRV', class: 'IN', name }] });
}

/** Throws an `Error` that says what is wrong with bytes that do not answer this question. */
export function decodeAnswer(bytes: Buffer, { id, name }: DnsQuery): DnsAnswer {
  const packet = decoded(bytes);
  const [question] = packet.questions ?? [];
  if (packet.type !== 'response') throw new Error('it is no response');
  if (packet.id !== id) throw new Error('it answers another question');
  const { rcode } = packet as { readonly rcode?: unknown };
  const code = typeof rcode === 'string' ? rcode : 'an unknown code';
  // Some servers do not repeat a question that they refuse.
  if (question === undefined && code !== 'NOERROR' && code !== 'NXDOMAIN') return { kind: 'failed', code };
  if (question?.type !== 'SRV' || plain(question.name) !== plain(name)) throw new Error('it answers another question');
  if (packet.flag_tc || bytes.length > FULL_BYTES) return { kind: 'truncated' };
  if (code === 'NXDOMAIN') return { kind: 'none', ttlMs: negativeTtlMs(packet.authorities ?? []) };
  if (code !== 'NOERROR') return { kind: 'failed', code };
  const records = [...(packet.answers ?? []), ...(packet.additionals ?? [])].flatMap(recordOf);
  return records.some(({ kind }) => kind === 'srv')
    ? { kind: 'records', records }
    : { kind: 'none', ttlMs: negativeTtlMs(packet.authorities ?? []) };
}

function decoded(bytes: Buffer): DecodedPacket {
  try {
    return decode(bytes);
  } catch (cause) {
    throw new Error('it is no DNS message', { cause });
  }
}

function recordOf(record: Answer): DnsRecord[] {
  if (!('class' in record) || record.class !== 'IN' || !('ttl' in record)) return [];
  const common = { name: plain(record.name), ttlMs: ttlMsOf(record.ttl) };
  switch (record.type) {
    case 'SRV': {
      const { target, port, priority = 0, weight = 0 } = record.data;
      return [{ kind: 'srv', ...common, target: plain(target), port, priority, weight }];
    }
    case 'A':
      return [{ kind: 'address', ...common, family: 4, address: record.data }];
    case 'AAAA':
      return [{ kind: 'address', ...common, family: 6, address: record.data }];
    case 'CNAME':
      return [{ kind: 'alias', ...common, target: plain(record.data) }];
    default:
      return [];
  }
}

/** How long the absence of a name counts: the less of two numbers of the zone's SOA record, 0 without one. */
function negativeTtlMs(authorities: readonly Answer[]): number {
  const [soa] = authorities.flatMap((record) => (record.type === 'SOA' ? record : []));
  return soa === undefined ? 0 : Math.min(ttlMsOf(soa.ttl), ttlMsOf(soa.data.minimum));
}

function ttlMsOf(seconds: number | undefined): number {
  return seconds === undefined || seconds > LARGEST_TTL ? 0 : seconds * 1_000;
}

/** Names are compared without regard to case. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
