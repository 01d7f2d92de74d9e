import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Endpoint } from '../contracts/endpoint.js';
import type { Clock } from '../core/clock.js';
import { StoppedError } from '../core/errors.js';
import { CloseHold } from './close-hold.js';
import type { CloseHoldPlan } from './close-hold.js';
import { closeServer } from './close-server.js';
import { Connections } from './connections.js';
import type { CutOff } from './end-streams.js';
import { UNLIMITED, closeWithin } from './close-within.js';
import type { CloseLimits } from './close-within.js';
import { listensSoon } from './listens-soon.js';
import { protocolOf } from './protocol.js';
import type { Protocol } from './protocol.js';
import { ServedEndpoints } from './served-endpoints.js';
import { addressOf, untilListening } from './server-address.js';
import type { ServerAddress } from './server-address.js';
import { serverPhases } from './server-phase.js';
import type { ServerFact, ServerPhase } from './server-phase.js';
import { ServerProblem } from './server-problem.js';
import type { Arrivals } from './sources.js';
import { Traffic } from './traffic.js';
import type { TrafficFigures } from './traffic.js';
import { watchServer } from './watch-server.js';

/**
 * Without file descriptors a server fails at each connection. It counts as healthy again this long after its last
 * error.
 */
const FAILING_FOR_MS = 5_000;

export interface BindOptions {
  readonly clock: Clock;
  /** Answer their URLs before the host sees the request; the first endpoint that handles a URL wins. */
  readonly endpoints?: readonly Endpoint[] | undefined;
  /** The host's own close in place of `server.close()`; resolves when the server is closed. */
  readonly close?: (() => Promise<void>) | undefined;
  /** When `server.close()` by other code waits; undefined: never. */
  readonly hold?: CloseHoldPlan | undefined;
}

/** Watches `server` (node:net, http, https, http2) until `release()`. */
export function bindServer(server: Server, options: BindOptions): BoundServer {
  return new BoundServer(server, options);
}

/** The host's server as rollcall uses it: its address, its traffic, and a close that loses no request. */
export class BoundServer {
  readonly #server: Server;
  readonly #endpoints: readonly Endpoint[];
  readonly #served: ServedEndpoints;
  readonly #protocol: Protocol;
  readonly #closeByHost: (() => Promise<void>) | undefined;
  readonly #traffic: Traffic;
  readonly #connections: Connections;
  readonly #hold: CloseHold | undefined;
  /** Why it does not listen, or its last error. */
  readonly problem = new ServerProblem();
  readonly #onClosed = new Set<() => void>();
  readonly #onFailing = new Set<() => void>();
  #callOffCalm: () => void = () => undefined;
  /** Further listeners of the same service, which share the traffic counters. */
  readonly #siblings: BoundServer[] = [];
  readonly #released = new AbortController();
  readonly #unwatch: (hostMayClose: boolean) => void;
  readonly #clock: Clock;
  #phase: ServerPhase;
  #closing: Promise<CutOff> | undefined;

  constructor(server: Server, options: BindOptions, traffic = new Traffic(options.clock)) {
    this.#server = server;
    this.#clock = options.clock;
    this.#endpoints = options.endpoints ?? [];
    this.#served = new ServedEndpoints(this.#endpoints);
    this.#closeByHost = options.close;
    this.#protocol = protocolOf(server);
    this.#phase = server.listening ? 'open' : 'unopened';
    this.#connections = new Connections(server, this.#protocol);
    this.#traffic = traffic;
    this.#hold =
      options.hold &&
      new CloseHold(options.hold, {
        clock: options.clock,
        connections: () => this.#connections.asSeen,
        isBusy: (socket) => traffic.isBusy(socket),
      });
    this.#unwatch = watchServer(server, {
      request: (request, response) => this.#onRequest(request, response),
      stream: (stream, headers) => this.#onStream(stream, headers),
      upgrade: (request) => this.#traffic.upgrade(request),
      connection: (socket) => this.#onConnection(socket),
      secured: (socket: TLSSocket) => {
        this.#connections.secured(socket);
        if (socket.alpnProtocol !== 'h2') this.#hold?.opened(socket);
      },
      session: (session: ServerHttp2Session) => this.#connections.session(session),
      listening: () => this.#noticed('listening'),
      isClosing: () => this.#phase === 'closing',
      closing: (proceed) => this.#holdClose(proceed),
      overtaking: () => this.#hold?.release(),
      ending: (socket) => this.#hold?.excuse(socket),
      sending: () => traffic.sending,
      stopped: () => {
        this.#noticed('stopped');
        if (this.#phase === 'closing') this.#connections.closeIdle();
      },
      closed: () => this.#noticed('closed'),
      failed: (error) => {
        this.problem.failed(error);
        this.#noticed('failed');
        this.#callOffCalm();
        this.#callOffCalm = this.#clock.after(FAILING_FOR_MS, () => this.#noticed('calmed'));
      },
    });
  }

  get isListening(): boolean {
    return this.#server.listening;
  }

  /** Whether the server listens now or in a moment; see `listensSoon`. */
  listensSoon(isWorker: boolean): Promise<boolean> {
    return listensSoon(this.#server, this.#clock, isWorker);
  }

  /** The server listens but emitted an error recently, so that clients may not be served. */
  get isFailing(): boolean {
    return this.#phase === 'failing' || this.#siblings.some((sibling) => sibling.isFailing);
  }

  /** A snapshot of the traffic counters. */
  get traffic(): TrafficFigures {
    const { inFlight, served } = this.#traffic;
    return {
      inFlight,
      served,
      openConnections:
        this.#connections.size + this.#siblings.reduce((sum, { traffic }) => sum + traffic.openConnections, 0),
    };
  }

  /** The sources of requests, without health probers and without sources that have been silent for a minute. */
  get sources(): readonly Arrivals[] {
    return this.#traffic.sources;
  }

  /** Adds another listener of the same service, e.g. on a second address: counted, drained and closed with this one. */
  also(server: Server): void {
    const options = { clock: this.#clock, endpoints: this.#endpoints, hold: this.#hold?.planBeside };
    const sibling = new BoundServer(server, options, this.#traffic);
    sibling.onFailing(() => this.#onFailing.forEach((run) => run()));
    this.#siblings.push(sibling);
  }

  /**
   * Resolves to the address once the server listens. Rejects with `ConfigError` for a Unix socket or a pipe, which no
   * registry can reference, and with the signal's reason.
   */
  async listening(signal: AbortSignal): Promise<ServerAddress> {
    await untilListening(this.#server, AbortSignal.any([signal, this.#released.signal]));
    return addressOf(this.#server, this.#protocol);
  }

  /** Calls `run` once when the host closes the listening server; `close()` here is none. The result cancels it. */
  onClosed(run: () => void): () => void {
    this.#onClosed.add(run);
    return () => void this.#onClosed.delete(run);
  }

  /** Calls `run` whenever `isFailing` may have changed. */
  onFailing(run: () => void): void {
    this.#onFailing.add(run);
  }

  /** Stops accepting connections. Open ones, also idle ones, are served until `close()`. */
  async stopListening(): Promise<void> {
    for (const sibling of this.#siblings) void sibling.stopListening();
    const { Server } = await import('node:net');
    if (this.#phase !== 'open' && this.#phase !== 'failing') return;
    this.#noticed('handed over');
    // `server.close()` would end idle connections, on which the next request may already be on its way.
    Server.prototype.close.call(this.#server);
  }

  /** From now on HTTP/1 responses carry `Connection: close`, and HTTP/2 sessions get GOAWAY with their next stream. */
  startDraining(): void {
    this.#traffic.startDraining();
    this.#connections.startDraining();
    for (const sibling of this.#siblings) sibling.startDraining();
  }

  /** Lets a `close()` of the host happen that has been waiting. */
  releaseClose(): void {
    this.#hold?.release();
  }

  /**
   * Stops accepting, ends idle connections and sessions, lets requests in flight finish, and resolves when all is
   * closed; at once for a server that never listened or is closed. Ends what is open at `limits`, and resolves to what
   * that cut off. When `signal` aborts, it cuts off the rest and rejects with the signal's reason. It also rejects when
   * the host's own close does. Every call joins the first.
   */
  close(signal: AbortSignal, limits: CloseLimits = UNLIMITED): Promise<CutOff> {
    this.#closing ??= this.#close(signal, limits);
    return this.#closing;
  }

  /** Removes everything from the server again; see `watchServer` for a host that may yet close it. */
  release(hostMayClose = false): void {
    this.#released.abort(new StoppedError('the server is no longer watched'));
    this.#callOffCalm();
    this.#hold?.release();
    this.#unwatch(hostMayClose);
    this.#traffic.close();
    for (const sibling of this.#siblings) sibling.release(hostMayClose);
  }

  #close(signal: AbortSignal, limits: CloseLimits): Promise<CutOff> {
    this.startDraining();
    this.#traffic.watchEnds(() => this.#closeIdle());
    const servers = [this, ...this.#siblings];
    return closeWithin({
      limits,
      clock: this.#clock,
      traffic: this.#traffic,
      connections: servers.map((server) => server.#connections),
      closings: servers.map((server) => server.#closeOwn(signal)),
    });
  }

  #closeOwn(signal: AbortSignal): Promise<void> {
    const isClosed = this.#phase === 'unopened' || this.#phase === 'gone';
    this.#noticed('ours');
    this.#hold?.release();
    this.#served.cutOff();
    return closeServer({
      server: this.#server,
      connections: this.#connections,
      closeByHost: this.#closeByHost,
      isClosed,
      signal,
    });
  }

  /** Tells the owner of the close at once, and returns true when the close itself waits. */
  #holdClose(close: () => void): boolean {
    const isOpen = this.#phase === 'open' || this.#phase === 'failing';
    if (!isOpen || this.#hold?.hold(close) !== true) return false;
    this.#hostClosed();
    return true;
  }

  /** A finished response may leave an idle connection, which a closing server does not need. */
  #closeIdle(): void {
    if (!this.#server.listening) this.#connections.closeIdle();
    for (const sibling of this.#siblings) sibling.#closeIdle();
  }

  #noticed(fact: ServerFact): void {
    if (fact === 'listening') this.problem.mended();
    const from = this.#phase;
    this.#phase = serverPhases[from][fact] ?? from;
    const [was, is] = [from === 'failing', this.#phase === 'failing'];
    if (was !== is) for (const run of this.#onFailing) run();
    if ((from === 'open' || was) && (fact === 'stopped' || fact === 'closed')) this.#hostClosed();
  }

  #hostClosed(): void {
    const listeners = [...this.#onClosed];
    this.#onClosed.clear();
    for (const run of listeners) run();
  }

  #onConnection(socket: Socket): void {
    if (this.#phase === 'unopened') this.problem.handedConnection();
    this.#connections.opened(socket);
    if (this.#protocol === 'http') this.#hold?.opened(socket);
    if (this.#protocol === 'tcp') this.#traffic.connection(socket);
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): boolean {
    // A request of HTTP/2's compatibility API is counted as a stream.
    if (request.httpVersionMajor > 1) return false;
    this.#traffic.prepare(response);
    if (this.#served.answer(request, response)) return true;
    this.#traffic.request(request, response);
    return false;
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    if (stream.session !== undefined) this.#connections.used(stream.session);
    if (this.#served.answerStream(stream, headers)) return true;
    this.#traffic.stream(stream, headers);
    return false;
  }
}
