/**
 * How far the life of a server has come. `unopened`: it has never listened; `open`: it listens; `failing`: so it does, but with an
 * error a short while ago; `left`: it was made to stop
 * listening, connections may go on; `gone`: all is closed, and it may be opened again; `closing`: we close it, for good.
 */
export type ServerPhase = 'unopened' | 'open' | 'failing' | 'left' | 'gone' | 'closing';

/**
 * What can be noticed of it. `failed`: it told of an error; `calmed`: there was none for a while; `stopped`: its `close()` was called; `closed`: its last
 * connection has ended; `handed over`: we have made it stop listening; `ours`: we begin to close it.
 */
export type ServerFact = 'listening' | 'failed' | 'calmed' | 'stopped' | 'closed' | 'handed over' | 'ours';

/** The whole life as data: a fact that is not here changes nothing. */
export const serverPhases: Readonly<Record<ServerPhase, Readonly<Partial<Record<ServerFact, ServerPhase>>>>> = {
  // Hosts close a server between two tries to listen: that says nothing.
  unopened: { listening: 'open', ours: 'closing' },
  // An error before that is about listening, and the host's to deal with.
  open: { failed: 'failing', stopped: 'left', 'handed over': 'left', closed: 'gone', ours: 'closing' },
  failing: { calmed: 'open', stopped: 'left', 'handed over': 'left', closed: 'gone', ours: 'closing' },
  left: { listening: 'open', closed: 'gone', ours: 'closing' },
  gone: { listening: 'open', ours: 'closing' },
  closing: {},
};
