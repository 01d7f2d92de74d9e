import { readVariables } from '../../config/env.js';
import type { Environment, VariableTable } from '../../config/env.js';

/** How to reach Redis, from the variable that hosting providers set. */
export interface RedisEnv {
  readonly url: string | undefined;
}

/** Redis' variables, and the options that they stand for. */
export const redisVariables: VariableTable<keyof RedisEnv> = {
  url: { variable: 'REDIS_URL', option: 'redis({ url })', meaning: 'the server, with user and password' },
};

/** Reads Redis' variable. An empty variable counts as not set. */
export function readRedisEnv(env?: Environment): RedisEnv {
  return readVariables(redisVariables, env);
}
