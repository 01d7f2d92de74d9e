import type { Socket } from 'node:net';
import { isError } from '../core/errors.js';
import { overrideMethod } from './override-method.js';

/**
 * Calls `onEnd` when code of the host ends or destroys an idle connection, as terminators do. Node's own reasons do
 * not count: an error, the client's end, the end of a response (`destroySoon`), or what `isExcused` knows of. The
 * returned function ends the watch.
 */
export function watchIdleEnds(socket: Socket, isExcused: (socket: Socket) => boolean, onEnd: () => void): () => void {
  let isNodes = false;
  const notice = (error?: unknown): void => {
    if (isNodes || isError(error) || socket.readableEnded || socket.destroyed || isExcused(socket)) return;
    onEnd();
  };
  const undo = [
    overrideMethod(
      socket,
      'destroySoon',
      (original) =>
        function watchedDestroySoon(this: Socket): void {
          isNodes = true;
          original.call(this);
        },
    ),
    overrideMethod(
      socket,
      'destroy',
      (original) =>
        function watchedDestroy(this: Socket, error?: Error): Socket {
          notice(error);
          return original.call(this, error);
        },
    ),
    overrideMethod(
      socket,
      'end',
      (original) =>
        function watchedEnd(this: Socket, ...args: unknown[]): Socket {
          notice();
          return (original as (...args: unknown[]) => Socket).apply(this, args);
        },
    ),
  ];
  return () => {
    for (const restore of undo.reverse()) restore();
  };
}
