/**
 * How far the life of a server has come. `unopened`: it has never listened; `open`: it listens; `left`: the host has made it stop
 * listening, connections may go on; `gone`: all is closed, and it may be opened again; `closing`: we close it, for good.
 */
export type ServerPhase = 'unopened' | 'open' | 'left' | 'gone' | 'closing';

/** What can be noticed of it. `stopped`: its `close()` was called; `closed`: its last connection has ended; `ours`: we begin to close it. */
export type ServerFact = 'listening' | 'stopped' | 'closed' | 'ours';

/** The whole life as data: a fact that is not here changes nothing. */
export const serverPhases: Readonly<Record<ServerPhase, Readonly<Partial<Record<ServerFact, ServerPhase>>>>> = {
  // Hosts close a server between two tries to listen: that says nothing.
  unopened: { listening: 'open', ours: 'closing' },
  open: { stopped: 'left', closed: 'gone', ours: 'closing' },
  left: { listening: 'open', closed: 'gone', ours: 'closing' },
  gone: { listening: 'open', ours: 'closing' },
  closing: {},
};
