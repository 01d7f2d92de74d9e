import type { ShutdownPolicy } from '../contracts/policies.js';
import type { Duration } from '../core/duration.js';

export interface ShutdownOptions {
  /**
   * Signals that stop the Registrar; false: none, call `stop()` yourself. On Windows the default is SIGINT and
   * SIGBREAK.
   * @default ['SIGTERM', 'SIGINT']
   */
  signals?: readonly NodeJS.Signals[] | false;
  /**
   * What a stop does with the entry. `deregister`: removes it. The other policies keep it, to tell a stopped instance
   * from a missing one: `maintenance` sets maintenance, which the next start lifts once it is ready; `critical` sends a
   * critical heartbeat; `leave` takes it out of traffic only when its TTL expires. An entry that stays is not removed
   * later: `deregisterCriticalAfter` applies to `deregister` only.
   * @default 'deregister'
   */
  policy?: ShutdownPolicy;
  /**
   * True: other code of the service listens to the same signals on purpose and ends the process, so the start does not
   * say so.
   * @default false
   */
  shared?: boolean;
  /**
   * False: a stop deregisters and closes at once, for a service that needs no drain. Env: `SERVICE_DRAIN`, `off` or
   * `on`. Without either, tests (`NODE_ENV=test`, `node --test`) and `node --watch` do without a drain too.
   * @default a drain
   */
  drain?: DrainOptions | false;
  /**
   * `server.close()` by other code while the instance is listed keeps the server open until the entry is gone and the
   * drain is over, `drain.max` at most. False: it closes at once, and callers that still know the instance are refused.
   * @default true
   */
  holdClose?: boolean;
  /** The deadline of the whole stop, drain included; keep it 2 s under the platform's grace period. @default '25s' */
  timeout?: Duration;
  /**
   * True: leaves the registry, as `policy` says, when the process exits while listed: after `process.exit()`, an
   * uncaught exception or an unhandled rejection. Takes a few milliseconds, at most a second, and changes neither exit
   * code nor output.
   * @default true
   */
  onExit?: boolean;
  /** @deprecated The old name of `onExit`, which it sets with a warning. */
  crash?: boolean;
}

export interface DrainOptions {
  /** The shortest drain after leaving the registry. @default '2s' */
  min?: Duration;
  /**
   * A client address without requests for this long no longer uses this instance. `'auto'`: long enough that such a
   * pause has a probability under one in a million at this client's request rate, and at least 1.2 s.
   * @default 'auto'
   */
  quiet?: Duration | 'auto';
  /**
   * The longest drain, even if requests still arrive; at most `shutdown.timeout`.
   * @default '15s', or 60 % of a shorter `shutdown.timeout`
   */
  max?: Duration;
  /**
   * How long responses and streams that are still open after the drain get to end by themselves, within
   * `shutdown.timeout`. Event streams are then ended; everything else is cut off, which makes the exit code 1.
   * @default '10s'
   */
  streams?: Duration;
}
