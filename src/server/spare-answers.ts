import type { Socket } from 'node:net';
import { overrideMethod } from './override-method.js';

/**
 * Runs `close` and keeps it from destroying `sending`. Node counts a connection as idle as soon as `response.end()` was
 * called: `server.close()` and `closeIdleConnections()` then cut off what a slow reader has not received yet.
 */
export function spareAnswers(sending: readonly Socket[], close: () => void): void {
  const undo = sending.map((socket) => overrideMethod(socket, 'destroy', () => () => socket));
  try {
    close();
  } finally {
    for (const restore of undo) restore();
  }
}
