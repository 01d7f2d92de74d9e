import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { overrideMethod } from './override-method.js';
import type { HostServer } from './override-method.js';
import { spareAnswers } from './spare-answers.js';

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
  /** Whether rollcall has closed the server, or is about to. */
  isClosing(): boolean;
  /** `close()` was called; `proceed` carries it out. Returns true when that happens later. */
  closing(proceed: () => void): boolean;
  /** The host is about to listen, or to end connections itself: a close that waits must happen first. */
  overtaking(): void;
  /** Node is about to end this connection by itself, e.g. after a timeout. */
  ending(socket: Socket): void;
  /** Connections with a response that is not completely sent. */
  sending(): readonly Socket[];
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
 * Reports to `watcher` through the server object's own methods, before every listener of any framework. The returned
 * function ends that, even when other code has wrapped the methods meanwhile.
 *
 * The first `close(callback)` of the host succeeds also when rollcall has closed the server before: Node would answer
 * that it does not run, which makes terminators end the process with 1. After a close of ours `close` therefore stays
 * replaced until that call, if the end is told that the host may yet make it.
 */
export function watchServer(server: HostServer, watcher: ServerWatcher): (hostMayClose: boolean) => void {
  let watching: ServerWatcher | undefined = watcher;
  let isFirstOfHost = true;
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
        const [callback] = args;
        const isFirst = isFirstOfHost && callback !== undefined;
        // Our own closes have no callback, and come while closing.
        if (callback !== undefined || watching?.isClosing() === false) isFirstOfHost = false;
        if (isFirst && !this.listening && watching?.isClosing() !== false) {
          this.once('close', () => callback?.());
          // Emits 'close' again where it has been emitted before.
          close.call(this);
          if (watching === undefined) undoClose();
          return this;
        }
        const proceed = () => {
          const wasListening = this.listening;
          close.apply(this, args);
          if (wasListening) watching?.stopped();
        };
        if (watching?.closing(proceed) !== true) proceed();
        return this;
      },
  );
  const undoListen = overrideMethod(
    server,
    'listen',
    (listen) =>
      function watchedListen(this: Server, ...args: unknown[]) {
        watching?.overtaking();
        return (listen as (...args: unknown[]) => Server).apply(this, args);
      } as Server['listen'],
  );
  const undoEndings = (['closeIdleConnections', 'closeAllConnections'] as const).map((method) =>
    overrideMethod(
      server,
      method,
      (end) =>
        function watchedEnding(this: HostServer) {
          watching?.overtaking();
          const sending = method === 'closeIdleConnections' ? watching?.sending() : [];
          spareAnswers(sending ?? [], () => end.call(this));
        },
    ),
  );
  return (hostMayClose) => {
    const mayJoin = hostMayClose && isFirstOfHost && watching?.isClosing() === true;
    watching = undefined;
    for (const undo of [undoEmit, undoListen, ...undoEndings]) undo();
    if (!mayJoin) undoClose();
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
    case 'timeout':
      watcher.ending(first as Socket);
      return false;
    case 'clientError':
      watcher.ending(second as Socket);
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
