import type { EventEmitter } from 'node:events';
import { RegistryUnavailableError } from '../../core/errors.js';

const MIB = 1024 * 1024;

/** The longest answers, in bytes. */
export const longestAnswers = {
  /** One entry, of 1 MiB at most, and its version. */
  entry: 2 * MIB,
  /** One page of a set. */
  page: 8 * MIB,
  /** A page of entries, and all pages of a list: 5,000 instances take half of it. */
  list: 32 * MIB,
} as const;

/** What a server may say before the first command. */
const GREETING = MIB;

/** Limits the answers on one connection. */
export interface AnswerLimit {
  /** The error, once an answer was too long. */
  readonly exceeded: RegistryUnavailableError | undefined;
  /** A command is sent, with an answer of at most so many bytes. The returned function ends it. */
  expect(longest: number): () => void;
}

/** A client of `@redis/client`, whose socket can be taken out and put back before it connects. */
interface SocketOwner {
  _ejectSocket(): EventEmitter;
  _insertSocket(socket: EventEmitter): void;
}

/**
 * Calls `end` when more bytes have come since the last complete answer than the commands in flight may have as theirs:
 * the client itself would buffer an endless one until the process has no memory left.
 */
export function limitAnswers(client: object, end: () => void): AnswerLimit {
  let bytes = 0;
  let longest = GREETING;
  let exceeded: RegistryUnavailableError | undefined;
  if (ownsSocket(client)) {
    const socket = client._ejectSocket();
    // Puts the client's own listeners back, which come first.
    client._insertSocket(socket);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= longest || exceeded !== undefined) return;
      exceeded = tooLong('One answer of Redis', longest);
      end();
    });
  }
  return {
    get exceeded() {
      return exceeded;
    },
    expect(more) {
      longest += more;
      return () => {
        longest -= more;
        bytes = 0;
      };
    },
  };
}

/** The error for an answer, or a list, that is too long. */
export function tooLong(what: string, longest: number): RegistryUnavailableError {
  return new RegistryUnavailableError(
    `${what} is longer than ${String(longest / MIB)} MiB, so it was not read: check which program writes ` +
      'to the keys rollcall:*, and whether redis({ url }) leads to Redis',
    { registry: 'redis' },
  );
}

function ownsSocket(client: object): client is SocketOwner {
  return '_ejectSocket' in client && '_insertSocket' in client;
}
