import type { EventEmitter } from 'node:events';
import { RegistryUnavailableError } from '../../core/errors.js';

/** The longest answer, in bytes: 5,000 instances take half of it. */
export const LONGEST_ANSWER = 32 * 1024 * 1024;

/** Counts the bytes of answers on one connection. */
export interface AnswerLimit {
  /** The error, once an answer was too long. */
  readonly exceeded: RegistryUnavailableError | undefined;
  /** An answer is complete. */
  answered(): void;
}

/** A client of `@redis/client`, whose socket can be taken out and put back before it connects. */
interface SocketOwner {
  _ejectSocket(): EventEmitter;
  _insertSocket(socket: EventEmitter): void;
}

/**
 * Calls `end` when more than `LONGEST_ANSWER` bytes have come since the last complete answer: the client itself would
 * buffer an endless one until the process has no memory left.
 */
export function limitAnswers(client: object, end: () => void): AnswerLimit {
  let bytes = 0;
  let exceeded: RegistryUnavailableError | undefined;
  if (ownsSocket(client)) {
    const socket = client._ejectSocket();
    // Puts the client's own listener back, which comes first.
    client._insertSocket(socket);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= LONGEST_ANSWER || exceeded !== undefined) return;
      exceeded = tooLong();
      end();
    });
  }
  return {
    get exceeded() {
      return exceeded;
    },
    answered() {
      bytes = 0;
    },
  };
}

/** The error for an answer, or a list, that is too long. */
export function tooLong(what = 'One answer of Redis'): RegistryUnavailableError {
  return new RegistryUnavailableError(
    `${what} is longer than ${String(LONGEST_ANSWER / 1024 / 1024)} MiB, so it was not read: check which program ` +
      'writes to the keys rollcall:*, and whether redis({ url }) leads to Redis',
    { registry: 'redis' },
  );
}

function ownsSocket(client: object): client is SocketOwner {
  return '_ejectSocket' in client && '_insertSocket' in client;
}
