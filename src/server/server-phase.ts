/**
 * The phase of a server. `unopened`: it has never listened; `open`: it listens; `failing`: it listens but emitted an
 * error recently; `left`: it stopped listening, and connections may continue; `gone`: all is closed, and it may
 * listen again; `closing`: rollcall closes it for good.
 */
export type ServerPhase = 'unopened' | 'open' | 'failing' | 'left' | 'gone' | 'closing';

/**
 * The events of the phase table. `failed`: it emitted an error; `calmed`: no error for a while; `stopped`: its
 * `close()` was called; `closed`: its last connection has ended; `handed over`: rollcall made it stop listening;
 * `ours`: rollcall begins to close it.
 */
export type ServerFact = 'listening' | 'failed' | 'calmed' | 'stopped' | 'closed' | 'handed over' | 'ours';

/** The transition table: an event that is missing here changes nothing. */
export const serverPhases: Readonly<Record<ServerPhase, Readonly<Partial<Record<ServerFact, ServerPhase>>>>> = {
  // Hosts close a server between two attempts to listen, which means nothing.
  unopened: { listening: 'open', ours: 'closing' },
  // An error before 'listening' is about listening itself and the host's to handle.
  open: { failed: 'failing', stopped: 'left', 'handed over': 'left', closed: 'gone', ours: 'closing' },
  failing: { calmed: 'open', stopped: 'left', 'handed over': 'left', closed: 'gone', ours: 'closing' },
  left: { listening: 'open', closed: 'gone', ours: 'closing' },
  gone: { listening: 'open', ours: 'closing' },
  closing: {},
};
