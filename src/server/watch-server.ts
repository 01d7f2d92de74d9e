import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { overrideMethod } from './override-method.js';

/** Receives a server's events before its listeners. */
export interface ServerWatcher {
  /** An HTTP/1 request. Returns true when it was answered and must not reach the host. */
  request(request: IncomingMessage, response: ServerResponse): boolean;
  /** An HTTP/2 stream. Returns true when it was answered. */
  stream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean;
  /** A request that changes the protocol of its connection, e.g. to a WebSocket. */
  upgrade(request: IncomingMessage): void;
  connection(socket: Socket): void;
  secured(socket: TLSSocket): void;
  session(session: ServerHttp2Session): void;
  listening(): void;
  /**
   * `close()` was called while the server listened. The event 'close' comes only after the last connection has ended,
   * too late to deregister.
   */
  stopped(): void;
  closed(): void;
  /** The server emitted an error: it could not listen or could not accept a connection. */
  failed(error: unknown): void;
}

/**
 * Reports to `watcher` through the server object's own `emit` and `close`, before every listener of any framework.
 * The returned function ends that, even when other code has wrapped the two methods meanwhile.
 */
export function watchServer(server: Server, watcher: ServerWatcher): () => void {
  let watching: ServerWatcher | undefined = watcher;
  const undoEmit = overrideMethod(
    server,
    'emit',
    (emit) =>
      function watchedEmit(this: Server, event: string, ...args: unknown[]) {
        return (
          (watching !== undefined && tell(watching, event, args[0], args[1])) ||
          (emit as (event: string, ...args: unknown[]) => boolean).call(this, event, ...args)
        );
      } as Server['emit'],
  );
  const undoClose = overrideMethod(
    server,
    'close',
    (close) =>
      function watchedClose(this: Server, ...args: Parameters<Server['close']>) {
        const wasListening = this.listening;
        const result = close.apply(this, args);
        if (wasListening) watching?.stopped();
        return result;
      },
  );
  return () => {
    watching = undefined;
    undoEmit();
    undoClose();
  };
}

/** Returns true when the event must not reach the host. */
function tell(watcher: ServerWatcher, event: string, first: unknown, second: unknown): boolean {
  switch (event) {
    case 'request':
    case 'checkContinue':
    case 'checkExpectation':
      return watcher.request(first as IncomingMessage, second as ServerResponse);
    case 'stream':
      return watcher.stream(first as ServerHttp2Stream, second as IncomingHttpHeaders);
    case 'upgrade':
    case 'connect':
      watcher.upgrade(first as IncomingMessage);
      return false;
    case 'connection':
      watcher.connection(first as Socket);
      return false;
    case 'secureConnection':
      watcher.secured(first as TLSSocket);
      return false;
    case 'session':
      watcher.session(first as ServerHttp2Session);
      return false;
    case 'listening':
      watcher.listening();
      return false;
    case 'close':
      watcher.closed();
      return false;
    case 'error':
      watcher.failed(first);
      return false;
    default:
      return false;
  }
}
