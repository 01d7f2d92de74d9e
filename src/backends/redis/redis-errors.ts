import {
  RegistryDeniedError,
  RegistryRejectedError,
  RegistryUnavailableError,
  asError,
  isRegistrarError,
} from '../../core/errors.js';
import type { RegistrarError } from '../../core/errors.js';

/** Replies begin with a word in capitals; what the clients and Node say themselves does not, or has a code. */
const REPLY = /^([A-Z][A-Z0-9_]*)( |$)/;
const denied = ['NOAUTH', 'WRONGPASS', 'NOPERM'];
/** A server that starts, is being replaced, or has too much to do. */
const passing = [
  'LOADING',
  'READONLY',
  'MASTERDOWN',
  'NOREPLICAS',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'MOVED',
  'ASK',
  'BUSY',
  'OOM',
  'MISCONF',
  'NOREPLICAS',
  'UNBLOCKED',
];

/** The server has dealt with the command, if only to refuse it; after anything else the connection is not worth keeping. */
export function isVerdict(thrown: unknown): boolean {
  const word = replyWord(asError(thrown));
  return word !== undefined && !passing.includes(word);
}

/** What went wrong, in our terms: the one place where Redis' errors are translated. */
export function translated(thrown: unknown, operation: string, shown: string): RegistrarError {
  if (isRegistrarError(thrown)) return thrown;
  const cause = asError(thrown);
  const context = { registry: 'redis', operation, cause };
  const word = replyWord(cause);
  const said = `Redis (${shown}) answered ${operation} with: ${cause.message.replace(/\.$/, '')}`;
  if (word === undefined) {
    const why = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
    return new RegistryUnavailableError(
      `Redis (${shown}) could not be reached to ${operation} (${why}). Is it running there? The place is set by redis({ url }), redis({ sentinels }) or REDIS_URL`,
      context,
    );
  }
  if (denied.includes(word) || isForbidden(cause))
    return new RegistryDeniedError(
      `${said}. The user needs GET, MGET, SET, DEL, EXISTS, PTTL, PEXPIRE, SADD, SREM, SMEMBERS and EVAL on rollcall:*`,
      context,
    );
  if (passing.includes(word) || isFull(cause))
    return new RegistryUnavailableError(`${said}. It is tried again`, context);
  return new RegistryRejectedError(said, context);
}

function replyWord(error: Error): string | undefined {
  return 'code' in error ? undefined : REPLY.exec(error.message)?.[1];
}

/** A command that has been renamed away. */
function isForbidden({ message }: Error): boolean {
  return message.startsWith('ERR unknown command');
}

function isFull({ message }: Error): boolean {
  return message.startsWith('ERR max number of clients reached');
}
