import type { RedisCommands } from './redis-commands.js';
import type { RedisRequest } from './redis-errors.js';

/** Sends commands to Redis. */
export interface RedisConnection {
  /**
   * Runs `command`. Rejects with the signal's reason as soon as it aborts, with an error of ours when the command
   * fails, and always after `close()`.
   */
  ask<T>(request: RedisRequest, signal: AbortSignal, command: (redis: RedisCommands) => Promise<T>): Promise<T>;
  /** The commands of the open connection, which send at once; undefined while there is none. */
  now(): RedisCommands | undefined;
  close(): void;
}
