import { isNodeRedis } from './redis-client.js';
import type { NodeRedisClient, RedisClient } from './redis-client.js';

/** The few commands that the registry needs, independent of the client that sends them. */
export interface RedisCommands {
  mget(keys: readonly string[]): Promise<(string | undefined)[]>;
  /** One page of a set, about `count` members long. Begins and ends with the cursor `'0'`. */
  sscan(key: string, cursor: string, count: number): Promise<SetPage>;
  /** Runs a script that returns one text or nothing. */
  eval(script: string, keys: readonly string[], words: readonly string[]): Promise<string | undefined>;
}

export interface SetPage {
  readonly cursor: string;
  readonly members: readonly string[];
}

/**
 * Adapts a client to the commands. If the client supports it, an abort withdraws a command that has not been sent
 * yet.
 */
export function commandsOf(client: RedisClient, signal: AbortSignal): RedisCommands {
  if (!isNodeRedis(client)) {
    return {
      mget: async (keys) => textsOf(await client.mget([...keys])),
      sscan: async (key, cursor, count) => {
        const reply = await client.sscan(key, cursor, 'COUNT', count);
        return Array.isArray(reply) ? pageOf(reply[0], reply[1]) : pageOf(undefined, undefined);
      },
      eval: async (script, keys, words) => textOf(await client.eval(script, keys.length, ...keys, ...words)),
    };
  }
  const bound = withAbort(client, signal);
  return {
    mget: async (keys) => textsOf(await bound.mGet([...keys])),
    sscan: async (key, cursor, count) => {
      const { cursor: next, members } = ((await bound.sScan(key, cursor, { COUNT: count })) ?? {}) as {
        readonly cursor?: unknown;
        readonly members?: unknown;
      };
      return pageOf(next, members);
    },
    eval: async (script, keys, words) => textOf(await bound.eval(script, { keys: [...keys], arguments: [...words] })),
  };
}

/** A reply as text: a host's client may be set to return buffers. */
function textOf(reply: unknown): string | undefined {
  return Buffer.isBuffer(reply) ? reply.toString() : typeof reply === 'string' ? reply : undefined;
}

/** No more elements of a reply are looked at: a set with more members is not a service. */
export const MOST_ELEMENTS = 200_000;

function textsOf(reply: unknown): (string | undefined)[] {
  return Array.isArray(reply) ? reply.slice(0, MOST_ELEMENTS + 1).map(textOf) : [];
}

/** A page without a cursor is the last one. */
function pageOf(cursor: unknown, members: unknown): SetPage {
  return { cursor: textOf(cursor) ?? '0', members: textsOf(members).filter((member) => member !== undefined) };
}

function withAbort(
  client: NodeRedisClient & { withCommandOptions?: (options: { abortSignal: AbortSignal }) => NodeRedisClient },
  abortSignal: AbortSignal,
): NodeRedisClient {
  return client.withCommandOptions?.({ abortSignal }) ?? client;
}
