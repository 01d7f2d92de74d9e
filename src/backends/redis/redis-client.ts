/** The part of a `redis` or `@redis/client` client that rollcall uses. */
export interface NodeRedisClient {
  mGet(keys: string[]): Promise<unknown>;
  sScan(key: string, cursor: string, words: { COUNT: number }): Promise<unknown>;
  eval(script: string, words: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** The part of an `ioredis` client that rollcall uses. */
export interface IoRedisClient {
  mget(keys: string[]): Promise<unknown>;
  sscan(key: string, cursor: string, word: 'COUNT', count: number): Promise<unknown>;
  eval(script: string, numberOfKeys: number, ...words: string[]): Promise<unknown>;
}

export type RedisClient = NodeRedisClient | IoRedisClient;

/** True for a client of either kind, judged by its methods: a second copy of its package would have another class. */
export function isRedisClient(value: unknown): value is RedisClient {
  return isNodeRedis(value) || has(value, ['mget', 'sscan', 'eval']);
}

export function isNodeRedis(value: unknown): value is NodeRedisClient {
  return has(value, ['mGet', 'sScan', 'eval']);
}

function has(value: unknown, methods: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
  );
}
