import { declareVariables, readVariables } from '../../config/env.js';
import type { Environment } from '../../config/env.js';

/** How to reach Redis, in the variable that its hosters set. */
export interface RedisEnv {
  readonly url: string | undefined;
}

/** Variables about Redis. */
export const redisVariables = declareVariables<keyof RedisEnv>({
  url: { variable: 'REDIS_URL', option: 'redis({ url })', meaning: 'the server, with user and password', secret: true },
});

/** Reads Redis' variable. Set to nothing it counts as not set. */
export function readRedisEnv(env?: Environment): RedisEnv {
  return readVariables(redisVariables, env);
}
