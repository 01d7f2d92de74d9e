import type { EventEmitter } from 'node:events';
import { RegistryUnavailableError } from '../../core/errors.js';
import type { ConfigIssue } from '../../core/errors.js';
import { resolveCap } from '../../net/answer-cap.js';
import type { AnswerCap } from '../../net/answer-cap.js';
import { MOST_ELEMENTS } from './redis-commands.js';
import { AnnouncedElements } from './redis-elements.js';

/** The longest answers. */
export interface RedisCaps {
  /** To a script: one entry and its version. */
  readonly look: AnswerCap;
  /** One page of the ids of a service. */
  readonly ids: AnswerCap;
  /** A page of entries, and all pages of a list. */
  readonly list: AnswerCap;
}

/** Room for the version of an entry, and for what Redis puts around a text. */
const AROUND_ENTRY = 1024;

/** Adds problems to `issues`. */
export function capsOf(
  { maxLookBytes, maxListBytes }: { readonly maxLookBytes?: unknown; readonly maxListBytes?: unknown },
  issues: ConfigIssue[],
): RedisCaps {
  const look = resolveCap('redis', 'maxLookBytes', maxLookBytes, issues);
  const list = resolveCap('redis', 'maxListBytes', maxListBytes, issues);
  return {
    look: { ...look, bytes: look.bytes + AROUND_ENTRY },
    // A quarter is far more than 500 ids need. One short reply takes much more memory than its bytes.
    ids: { bytes: Math.ceil(list.bytes / 4), option: `${list.option} for ids` },
    list,
  };
}

/** What a server may say before the first command. */
const GREETING = 1024 * 1024;

/** Limits the answers on one connection. */
export interface AnswerLimit {
  /** The error, once an answer was too long. */
  readonly exceeded: RegistryUnavailableError | undefined;
  /** A command is sent, with an answer of at most so many bytes. The returned function ends it. */
  expect(cap: AnswerCap): () => void;
}

/** A client of `@redis/client`, whose socket can be taken out and put back before it connects. */
interface SocketOwner {
  _ejectSocket(): EventEmitter;
  _insertSocket(socket: EventEmitter): void;
}

/**
 * Calls `end` when more bytes have come since the last complete answer than the commands in flight may have as theirs,
 * or more elements were announced than any answer has. The client does not get them: it would keep an endless answer
 * until the process has no memory left.
 */
export function limitAnswers(client: object, end: () => void): AnswerLimit {
  const expected = new Set<AnswerCap>();
  const elements = new AnnouncedElements();
  let bytes = 0;
  let longest = GREETING;
  let exceeded: RegistryUnavailableError | undefined;
  const takes = (chunk: Buffer): boolean => {
    if (exceeded !== undefined) return false;
    bytes += chunk.length;
    elements.push(chunk);
    if (bytes <= longest && elements.count <= MOST_ELEMENTS) return true;
    const [largest] = [...expected].sort((one, other) => other.bytes - one.bytes);
    exceeded = tooLong('One answer of Redis', largest ?? { bytes: GREETING });
    end();
    return false;
  };
  if (ownsSocket(client)) {
    const socket = client._ejectSocket();
    const emit = socket.emit.bind(socket);
    socket.emit = (event, ...values) => {
      if (event === 'data' && !takes(values[0] as Buffer)) return false;
      return emit(event, ...(values as unknown[]));
    };
    client._insertSocket(socket);
  }
  return {
    get exceeded() {
      return exceeded;
    },
    expect(cap) {
      const own = { ...cap };
      expected.add(own);
      longest += own.bytes;
      return () => {
        expected.delete(own);
        longest -= own.bytes;
        bytes = 0;
        elements.count = 0;
      };
    },
  };
}

/** The error for an answer, or a list, that is too long. */
export function tooLong(what: string, { bytes, option }: AnswerCap): RegistryUnavailableError {
  const source = option === undefined ? '' : `, the most that ${option} allows`;
  return new RegistryUnavailableError(
    `${what} is longer than ${String(bytes)} bytes${source}, so it was not read: check which program writes ` +
      'to the keys rollcall:*, whether redis({ url }) leads to Redis, or raise that option',
    { registry: 'redis' },
  );
}

function ownsSocket(client: object): client is SocketOwner {
  return '_ejectSocket' in client && '_insertSocket' in client;
}
