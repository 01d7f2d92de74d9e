import { isNodeRedis } from './redis-client.js';
import type { NodeRedisClient, RedisClient } from './redis-client.js';

/** The few commands that the registry needs, independent of the client that sends them. */
export interface RedisCommands {
  /** Undefined if the key does not exist. */
  get(key: string): Promise<string | undefined>;
  mget(keys: readonly string[]): Promise<(string | undefined)[]>;
  smembers(key: string): Promise<string[]>;
  /** Runs a script that returns one text or nothing. */
  eval(script: string, keys: readonly string[], words: readonly string[]): Promise<string | undefined>;
}

/**
 * Adapts a client to the commands. If the client supports it, an abort withdraws a command that has not been sent
 * yet.
 */
export function commandsOf(client: RedisClient, signal: AbortSignal): RedisCommands {
  if (!isNodeRedis(client)) {
    return {
      get: async (key) => textOf(await client.get(key)),
      mget: async (keys) => textsOf(await client.mget([...keys])),
      smembers: async (key) => textsOf(await client.smembers(key)).filter((member) => member !== undefined),
      eval: async (script, keys, words) => textOf(await client.eval(script, keys.length, ...keys, ...words)),
    };
  }
  const bound = withAbort(client, signal);
  return {
    get: async (key) => textOf(await bound.get(key)),
    mget: async (keys) => textsOf(await bound.mGet([...keys])),
    smembers: async (key) => textsOf(await bound.sMembers(key)).filter((member) => member !== undefined),
    eval: async (script, keys, words) => textOf(await bound.eval(script, { keys: [...keys], arguments: [...words] })),
  };
}

/** A reply as text: a host's client may be set to return buffers. */
function textOf(reply: unknown): string | undefined {
  return Buffer.isBuffer(reply) ? reply.toString() : typeof reply === 'string' ? reply : undefined;
}

function textsOf(reply: unknown): (string | undefined)[] {
  return Array.isArray(reply) ? reply.map(textOf) : [];
}

function withAbort(
  client: NodeRedisClient & { withCommandOptions?: (options: { abortSignal: AbortSignal }) => NodeRedisClient },
  abortSignal: AbortSignal,
): NodeRedisClient {
  return client.withCommandOptions?.({ abortSignal }) ?? client;
}
