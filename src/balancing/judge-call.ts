import { isAbortError } from '../core/abort.js';
import { isError } from '../core/is-error.js';
import type { Outcome } from './picked.js';

/** What a finished call says of the instance, and whether the same call may be sent again. */
export interface CallVerdict {
  readonly outcome: Outcome;
  /** `always`: it was never sent; `idempotent`: only one that may arrive twice; `never`: it has its answer. */
  readonly repeatable: 'always' | 'idempotent' | 'never';
}

const answered: CallVerdict = { outcome: 'ok', repeatable: 'never' };
const unanswered: CallVerdict = { outcome: 'failed', repeatable: 'idempotent' };
const neverSent: CallVerdict = { outcome: 'refused', repeatable: 'always' };
const unknown: CallVerdict = { outcome: 'ignored', repeatable: 'never' };

/** The connection was never there. */
const neverSentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** The connection broke, or the answer did not come in time. */
const unansweredCodes: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);
/** By code, or by the message where OpenSSL has no code of its own. */
const handshakeFaults =
  /^ERR_TLS_|^\w*CERT|^INVALID_CA|^UNABLE_TO_VERIFY|before secure TLS|wrong[ _]version[ _]number|packet[ _]length/i;
/** Of an answer that is no HTTP, and of a connection that TLS cannot go on with. */
const brokenPrefixes = /^(?:HPE_|ERR_SSL_)/;
/** What a gateway says of an instance, and an instance of itself, that does not serve now. */
const failedStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
/** https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 */
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** How many causes of an error are looked at. */
const DEEPEST = 5;

/** Judges what a call returned: a client that does not throw for a status returns its response. */
export function judgeResult(result: unknown): CallVerdict {
  const status = statusOf(result);
  return status === undefined ? answered : judgeStatus(status);
}

/** Judges a status of HTTP. */
export function judgeStatus(status: number): CallVerdict {
  return failedStatuses.has(status) ? unanswered : answered;
}

/** Judges the error of any HTTP client: by its code, its causes, and the response that it carries. */
export function judgeError(thrown: unknown): CallVerdict {
  const chain = causesOf(thrown);
  const status = chain.map((error) => statusOf(error)).find((each) => each !== undefined);
  if (status !== undefined) return judgeStatus(status);
  const codes = chain.map(codeOf);
  if (chain.some(({ syscall }) => syscall === 'connect') || codes.some((code) => neverSentCodes.has(code)))
    return neverSent;
  if (chain.some(failedHandshake)) return neverSent;
  if (codes.some((code) => unansweredCodes.has(code) || brokenPrefixes.test(code))) return unanswered;
  if (chain.some(({ name }) => name === 'TimeoutError')) return unanswered;
  return unknown;
}

/** Whether the same request may arrive twice; undefined if the error of its client does not name its method. */
export function isIdempotent(thrown: unknown): boolean | undefined {
  const { config, options, request } = fieldsOf(thrown);
  const method = [config, options, request].map((each) => fieldsOf(each).method).find((each) => each !== undefined);
  return typeof method === 'string' ? isIdempotentMethod(method) : undefined;
}

/** Whether a request of this method may arrive twice. */
export function isIdempotentMethod(method: string): boolean {
  return idempotentMethods.has(method.toUpperCase());
}

/** Whether the error's request had a stream as its body, which cannot be sent again. */
export function hasStreamBody(thrown: unknown): boolean {
  const { config, options } = fieldsOf(thrown);
  const bodies = [fieldsOf(config).data, fieldsOf(options).body];
  return bodies.some((body) => typeof fieldsOf(body).pipe === 'function');
}

/** Whether the error only says that the caller gave up. */
export function isGivenUp(thrown: unknown, signal: AbortSignal | undefined): boolean {
  return isAbortError(thrown) || (signal?.aborted === true && isAbortError(signal.reason));
}

/** Any value that may have some. */
export interface Fields {
  readonly [field: string]: unknown;
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function codeOf({ code }: Fields): string {
  return typeof code === 'string' ? code : '';
}

/** A request is written after the handshake. An error of the program has no code, whatever its message says. */
function failedHandshake(error: Fields): boolean {
  const code = codeOf(error);
  return code !== '' && handshakeFaults.test(`${code} ${String(error.message)}`);
}

/** The error and what caused it, the outermost first; of several attempts to connect, each. */
function causesOf(thrown: unknown): readonly Fields[] {
  const found: Fields[] = [];
  let level: unknown[] = [thrown];
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth += 1) {
    const errors = level.filter((each) => isError(each)).map(fieldsOf);
    found.push(...errors);
    level = errors.flatMap(({ cause, errors: several }): unknown[] => [cause, ...listOf(several)]);
  }
  return found;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** Of axios, ky and fetch `status`; of got, undici and Node `statusCode`; of an error, that of its response. */
export function statusOf(value: unknown): number | undefined {
  const fields = fieldsOf(value);
  const response = fieldsOf(fields.response);
  const candidates = [response.status, response.statusCode, fields.statusCode, fields.status];
  return candidates.find((each): each is number => Number.isInteger(each));
}
