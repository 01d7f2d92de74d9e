import {
  RegistryDeniedError,
  RegistryRejectedError,
  RegistryUnavailableError,
  asError,
  isRegistrarError,
} from '../../core/errors.js';
import type { RegistrarError } from '../../core/errors.js';
import { printable } from '../../core/printable.js';
import { isProgramError } from '../../core/program-error.js';
import { tlsFault } from '../../net/tls-errors.js';
import type { TlsFault } from '../../net/tls-errors.js';
import type { RedisCaps } from './redis-answer-limit.js';

/** What was sent when an error came back. */
export interface RedisRequest {
  readonly operation: string;
  /** The keys that it concerns, safe to print. */
  readonly keys: string;
  /** How long its answer may be. */
  readonly answer: keyof RedisCaps;
}

/** `unknown` is transient: only what certainly is about the data may end a registration. */
type ErrorClass = 'transient' | 'denied' | 'malformed';

interface ErrorRow {
  /** Matched against the reply without what a script wraps around it. */
  readonly reply: RegExp;
  readonly class: ErrorClass;
  /** `drop` where the connection itself may be the cause, so that the next try opens a new one. */
  readonly connection: 'keep' | 'drop';
  /** Redis is out of memory: what needs none, such as a removal or a longer TTL, still works. */
  readonly isFull?: true;
  readonly hint: string | ((request: RedisRequest) => string);
}

const RIGHTS_HINT =
  'Set redis({ username, password }) or REDIS_URL to a user with ' +
  'GET, MGET, SET, DEL, EXISTS, PTTL, PEXPIRE, SADD, SREM, SSCAN and EVAL on rollcall:*';
const CLUSTER_HINT =
  'The server is a node of a Redis Cluster: pass redis({ client }) a cluster client, ' +
  'e.g. `new Cluster(…)` of ioredis';
const REPLICA_HINT =
  'The server is a replica. A new connection looks for the master; if this lasts, set redis({ url }) or REDIS_URL ' +
  'to the master, or use redis({ sentinels })';

/** What each reply means, as Redis 6 to 8 and Valkey word it. The first match counts. */
const table: readonly ErrorRow[] = [
  row(/^READONLY /, 'transient', 'drop', REPLICA_HINT),
  row(/^MASTERDOWN /, 'transient', 'drop', REPLICA_HINT),
  {
    ...row(/^OOM /, 'transient', 'keep', 'Raise its maxmemory, or remove keys'),
    isFull: true,
  },
  row(/^NOREPLICAS /, 'transient', 'drop', 'Too few replicas follow it (min-replicas-to-write): check them'),
  row(/^MISCONF /, 'transient', 'keep', 'It refuses writes because it cannot save to disk: check its disk and its log'),
  row(/^LOADING /, 'transient', 'keep', 'It is starting: wait until it has loaded its data'),
  row(/^BUSY /, 'transient', 'keep', "Another client's script blocks it: if this lasts, end that with SCRIPT KILL"),
  row(/^(CLUSTERDOWN|TRYAGAIN) /, 'transient', 'drop', 'Parts of the cluster do not serve: check its nodes'),
  row(/^(MOVED|ASK|CROSSSLOT) /, 'transient', 'drop', CLUSTER_HINT),
  row(/^ERR max number of clients/, 'transient', 'drop', 'Raise its maxclients, or close connections of other clients'),
  row(
    /^WRONGTYPE /,
    'transient',
    'keep',
    ({ keys }) => `Another program keeps a value of its own in ${keys}: remove it`,
  ),
  row(
    /^ERR (DB index|SELECT is not allowed)/,
    'transient',
    'drop',
    'Set redis({ database }) to one that the server has',
  ),
  row(/^(NOAUTH|WRONGPASS|ERR (AUTH|Client sent AUTH|invalid password))\b/, 'denied', 'drop', RIGHTS_HINT),
  row(/^(NOPERM|ERR ACL failure in script)\b/, 'denied', 'keep', RIGHTS_HINT),
  row(/^(ERR )?The user executing the script can't /, 'denied', 'keep', RIGHTS_HINT),
  row(
    /^ERR unknown command|^(ERR )?Unknown Redis command called from /i,
    'denied',
    'keep',
    `Its configuration disables a command (rename-command). ${RIGHTS_HINT}`,
  ),
  row(
    /^ERR (value is not an integer|invalid expire time)/,
    'malformed',
    'keep',
    ({ keys }) => `It does not take the TTL of ${keys}: set \`ttl\` to another one`,
  ),
];

/** Any other reply: not known to be about the data, so it is tried again, on a new connection. */
const unknown = row(/^/, 'transient', 'drop', 'If this lasts, check the server');

/** What Redis 6 puts around an error that ends a script. Its own errors keep a dash before the word. */
const SCRIPT_ERROR = /^ERR Error running script \(call to \w+\): (@?user_script: ?\d+: )*-?/;
/** What Redis 7 and later append, and Valkey without the script's hash. */
const SCRIPT_NAME = / ?script: ([0-9a-f]{40}, )?on @?user_script:\d+\.?$/;
/** Redis echoes the arguments of an unknown command, which may be a password. */
const ARGUMENTS = /,? with args beginning with:[^]*$/;
/** Redis' error replies begin with a word in capitals. Errors of the clients and of Node do not, or have a code. */
const REPLY = /^[A-Z][A-Z0-9_]*( |$)/;
const LONGEST_WORDS = 500;
/** The most of a reply that is looked at: a reply may be a megabyte long. */
const LONGEST_START = 4096;

const UNREACHABLE_HINT = 'Start it there, or set redis({ url }), redis({ sentinels }) or REDIS_URL to where it runs';
const tlsHints: Readonly<Record<TlsFault, string>> = {
  untrusted: 'No trusted authority has signed its certificate: set redis({ tls: { ca } }) to its authority',
  expired: 'Its certificate is out of date: renew it on the server',
  'other name': 'Its certificate is for another name: set redis({ tls: { serverName } }) to its name',
  'client certificate': 'It requires a client certificate that it trusts: set redis({ tls: { cert, key } })',
  'no certificate': 'If it requires a client certificate, set redis({ tls: { cert, key } }). If not, start it there',
  'not TLS': "It does not speak TLS there: set redis({ url }) to its TLS port, or begin the URL with 'redis://'",
  'no handshake': "If it runs, set redis({ url }) to its TLS port, or begin the URL with 'redis://'",
};

/** What to do about a failed TLS connection; undefined for any other failure. */
export function tlsHint(error: Error): string | undefined {
  const fault = tlsFault(error);
  return fault && tlsHints[fault];
}

/** False if the connection may be the cause of the failure. */
export function keepsConnection(thrown: unknown): boolean {
  return rowOf(asError(thrown))?.connection === 'keep';
}

/** True if Redis refuses whatever needs more memory. */
export function isFull(thrown: unknown): boolean {
  return rowOf(asError(thrown))?.isFull === true;
}

/** True for a reply of a server that processed the request and refused it, whatever it meant. */
export function isRefusal(thrown: unknown): boolean {
  return rowOf(asError(thrown)) !== undefined;
}

/** True if the server refuses our user or a right of it. */
export function isDenial(thrown: unknown): boolean {
  return rowOf(asError(thrown))?.class === 'denied';
}

/** Translates an error into one of ours: the one place where Redis' errors are translated. */
export function translated(thrown: unknown, request: RedisRequest, shown: string): RegistrarError {
  if (isRegistrarError(thrown)) return thrown;
  const { operation } = request;
  const cause = presentable(asError(thrown));
  const context = { registry: 'redis', operation, cause };
  const found = rowOf(cause);
  if (found === undefined) return new RegistryUnavailableError(failure(cause, operation, shown), context);
  const hint = typeof found.hint === 'string' ? found.hint : found.hint(request);
  const message = `Redis (${shown}) answered ${operation} with: ${wordsOf(cause).replace(/\.$/, '')}. ${hint}`;
  switch (found.class) {
    case 'transient':
      return new RegistryUnavailableError(message, { ...context, answered: true });
    case 'denied':
      return new RegistryDeniedError(message, context);
    case 'malformed':
      return new RegistryRejectedError(message, context);
  }
}

/** The message when no reply arrived. */
function failure(cause: Error, operation: string, shown: string): string {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  const certificateHint = tlsHint(cause);
  if (certificateHint === undefined && isProgramError(cause))
    return (
      `The client of Redis (${shown}) failed in ${operation} (${cause.message}), so nothing is known of the server. ` +
      'Check that @redis/client is installed completely and in version 6'
    );
  if (cause.message.startsWith('Unknown RESP type'))
    return `What answers ${operation} at ${shown} is not Redis. ${UNREACHABLE_HINT}`;
  const hint = certificateHint ?? UNREACHABLE_HINT;
  return `Redis (${shown}) could not be reached for ${operation} (${code ?? cause.message}). ${hint}`;
}

/** The row of a reply, or of the reply behind an error of ours; undefined if there is none. */
function rowOf(error: Error): ErrorRow | undefined {
  if (isRegistrarError(error)) return error.cause === undefined ? undefined : rowOf(asError(error.cause));
  if ('code' in error || !REPLY.test(error.message)) return undefined;
  const words = wordsOf(error);
  return table.find(({ reply }) => reply.test(words)) ?? unknown;
}

/** A reply without what a script wraps around it. */
function wordsOf({ message }: Error): string {
  return message.slice(0, LONGEST_START).replace(SCRIPT_ERROR, '').replace(SCRIPT_NAME, '');
}

/** The same error, or a copy whose message is short, safe to print and without arguments of a command. */
export function presentable(error: Error): Error {
  const message = printable(error.message.slice(0, LONGEST_START).replace(ARGUMENTS, ''), LONGEST_WORDS);
  if (message === error.message) return error;
  const { name } = error;
  return Object.assign(new Error(message), { name }, 'code' in error && { code: error.code });
}

function row(
  reply: RegExp,
  errorClass: ErrorClass,
  connection: ErrorRow['connection'],
  hint: ErrorRow['hint'],
): ErrorRow {
  return { reply, class: errorClass, connection, hint };
}
