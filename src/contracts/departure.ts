import type { Socket } from 'node:net';
import type { ShutdownPolicy } from './policies.js';
import type { ServiceInstance } from './service-instance.js';

/** What a registry is to do with our entry while the process exits. */
export interface DepartureRequest {
  readonly instance: ServiceInstance;
  /** What stays in the registry. */
  readonly policy: Exclude<ShutdownPolicy, 'leave'>;
  /** The entry counts as ours without another look when the registry showed it to us within this time. */
  readonly freshMs: number;
}

/**
 * How to leave a registry when no promise settles any more. A backend describes it and sends nothing; the core decides
 * and carries it out.
 */
export type Departure = LocalDeparture | HttpDeparture;

/** A step that is complete when the function returns. */
export interface LocalDeparture {
  readonly kind: 'local';
  readonly run: () => void;
}

/** Requests of HTTP/1.1 on connections that are open already. */
export interface HttpDeparture {
  readonly kind: 'http';
  readonly connections: readonly OpenConnection[];
  /** Leaves without a look; absent where this could affect the entry of another instance. */
  readonly request?: Buffer;
  readonly look: DepartureLook;
}

/** How to leave after a look at the entry. */
export interface DepartureLook {
  readonly request: Buffer;
  /** The request that leaves, given the entry; undefined when the entry is gone or not ours. */
  readonly next: (answer: DepartureAnswer) => Buffer | undefined;
}

export interface DepartureAnswer {
  readonly status: number;
  readonly text: string;
}

/** A connection that is established, with HTTP/1.1 on it. */
export interface OpenConnection {
  readonly socket: Socket;
  /** Answers that are still to come, to requests that were sent earlier. */
  readonly pending: number;
}
