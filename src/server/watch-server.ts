import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { overrideMethod } from './override-method.js';

/** What is told of a server, before anyone who listens to it. */
export interface ServerWatcher {
  /** An HTTP/1 request. True: it has been dealt with, the host is not to see it. */
  request(request: IncomingMessage, response: ServerResponse): boolean;
  /** An HTTP/2 stream. True: it has been dealt with. */
  stream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean;
  /** A request that makes its connection something else, e.g. a WebSocket. */
  upgrade(request: IncomingMessage): void;
  connection(socket: Socket): void;
  secured(socket: TLSSocket): void;
  session(session: ServerHttp2Session): void;
  listening(): void;
  /** `close()` was called while it listened: 'close' comes only when the last connection has ended, too late to leave a registry. */
  stopped(): void;
  closed(): void;
  /** It told of an error: it could not listen or, once it does, not accept a connection. */
  failed(): void;
}

/**
 * Tells `watcher` of everything, seen at the server object's own `emit` and `close`: in front of every listener, whatever framework
 * put them there and when. The returned function ends that, also where somebody wrapped the two over in the meantime.
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

/** True: the host is not to see the event. */
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
      watcher.failed();
      return false;
    default:
      return false;
  }
}
