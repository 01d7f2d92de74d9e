import type { Socket } from 'node:net';
import { pause } from '../../experiment/pause.js';

/** How an answer goes over the wire. */
export type Step =
  | { readonly do: 'write'; readonly bytes: Buffer }
  | { readonly do: 'wait'; readonly ms: number }
  /** Piece by piece, with a pause between them. */
  | { readonly do: 'drip'; readonly bytes: Buffer; readonly piece: number; readonly everyMs: number }
  /** So many bytes as fast as they are taken; Infinity: until the client has had enough. */
  | { readonly do: 'pour'; readonly piece: Buffer; readonly bytes: number }
  /** Nothing more until the healing, which ends the connection. */
  | { readonly do: 'hang' }
  | { readonly do: 'end' }
  | { readonly do: 'reset' };

/** What ends when all is well again. */
export interface Healing {
  readonly isHealed: boolean;
  readonly healed: Promise<void>;
}

/** Plays an answer. Resolves to whether the connection may serve another request: until the healing, which ends it. */
export async function play(steps: readonly Step[], socket: Socket, healing: Healing): Promise<boolean> {
  endWith(healing, socket);
  for (const step of steps) {
    if (socket.destroyed) return false;
    switch (step.do) {
      case 'write':
        socket.write(step.bytes);
        break;
      case 'wait':
        await Promise.race([pause(step.ms), healing.healed]);
        break;
      case 'drip':
        await drip(step, socket, healing);
        break;
      case 'pour':
        await pour(step, socket, healing);
        break;
      case 'hang':
        await healing.healed;
        return false;
      case 'end':
        socket.end();
        return false;
      case 'reset':
        reset(socket);
        return false;
    }
  }
  return !socket.destroyed;
}

async function drip({ bytes, piece, everyMs }: Extract<Step, { do: 'drip' }>, socket: Socket, healing: Healing) {
  for (let at = 0; at < bytes.length && !socket.destroyed; at += piece) {
    if (healing.isHealed) {
      socket.write(bytes.subarray(at));
      return;
    }
    socket.write(bytes.subarray(at, at + piece));
    await Promise.race([pause(everyMs), healing.healed]);
  }
}

async function pour({ piece, bytes }: Extract<Step, { do: 'pour' }>, socket: Socket, healing: Healing): Promise<void> {
  for (let left = bytes; left > 0 && !socket.destroyed; left -= piece.length) {
    if (healing.isHealed) {
      socket.destroy();
      return;
    }
    if (socket.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const go = () => {
        socket.off('drain', go).off('close', go);
        resolve();
      };
      socket.on('drain', go).on('close', go);
      void healing.healed.then(go);
    });
  }
}

const ending = new WeakSet<Socket>();

/** What was said on it may be half of something: only a new connection is sound. */
function endWith({ healed }: Healing, socket: Socket): void {
  if (ending.has(socket)) return;
  ending.add(socket);
  void healed.then(() => socket.destroy());
}

/** A TLS connection has no reset of its own. */
function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy();
  }
}
