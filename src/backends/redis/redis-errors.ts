import {
  RegistryDeniedError,
  RegistryRejectedError,
  RegistryUnavailableError,
  asError,
  isRegistrarError,
} from '../../core/errors.js';
import type { RegistrarError } from '../../core/errors.js';

/** Redis' error replies begin with a word in capitals. Errors of the clients and of Node do not, or have a code. */
const REPLY = /^([A-Z][A-Z0-9_]*)( |$)/;
const denied = ['NOAUTH', 'WRONGPASS', 'NOPERM'];
/** Replies of a server that is starting, failing over or overloaded. */
const temporaryReplies = [
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

/**
 * True if the server processed the command, even if it refused it. After any other failure the connection is not
 * worth keeping.
 */
export function isVerdict(thrown: unknown): boolean {
  const word = replyWord(asError(thrown));
  return word !== undefined && !temporaryReplies.includes(word);
}

/** Translates an error into one of ours: the one place where Redis' errors are translated. */
export function translated(thrown: unknown, operation: string, shown: string): RegistrarError {
  if (isRegistrarError(thrown)) return thrown;
  const cause = asError(thrown);
  const context = { registry: 'redis', operation, cause };
  const word = replyWord(cause);
  const outcome = `Redis (${shown}) answered ${operation} with: ${cause.message.replace(/\.$/, '')}`;
  if (word === undefined) {
    const why = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
    return new RegistryUnavailableError(
      `Redis (${shown}) could not be reached for ${operation} (${why}). ` +
        'Start it there, or set redis({ url }), redis({ sentinels }) or REDIS_URL to where it runs',
      context,
    );
  }
  if (denied.includes(word) || isForbidden(cause))
    return new RegistryDeniedError(
      `${outcome}. Set redis({ username, password }) or REDIS_URL to a user with ` +
        'GET, MGET, SET, DEL, EXISTS, PTTL, PEXPIRE, SADD, SREM, SMEMBERS and EVAL on rollcall:*',
      context,
    );
  if (temporaryReplies.includes(word) || isFull(cause))
    return new RegistryUnavailableError(
      `${outcome}. The server is starting, failing over or overloaded: check it if this lasts`,
      context,
    );
  return new RegistryRejectedError(
    `${outcome}. A retry cannot help: check what else uses the keys rollcall:*`,
    context,
  );
}

function replyWord(error: Error): string | undefined {
  return 'code' in error ? undefined : REPLY.exec(error.message)?.[1];
}

/** True for a command that the server's configuration has renamed or disabled. */
function isForbidden({ message }: Error): boolean {
  return message.startsWith('ERR unknown command');
}

function isFull({ message }: Error): boolean {
  return message.startsWith('ERR max number of clients reached');
}
