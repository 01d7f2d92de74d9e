import type { Agent } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import type { OpenConnection } from '../../contracts/departure.js';
import type { HttpModule } from '../../net/http-request.js';
import { openConnections } from '../../net/open-connections.js';
import { requestBytes } from '../../net/request-bytes.js';
import type { PlainRequest } from '../../net/request-bytes.js';

/**
 * Each kind of request has connections of its own to each member, so that nothing can starve a beat. Beats open more
 * than two only while answers come late: several are under way then, and none may wait for another's answer.
 */
const poolSizes = { beat: 12, call: 4, poll: 8 };
export type ConnectionPool = keyof typeof poolSizes;

/** A dead host does not answer at all: after this time the next member is tried. */
const CONNECT_WITHIN_MS = 1_000;

export interface EtcdConnection {
  readonly http: HttpModule;
  readonly agents: Readonly<Record<ConnectionPool, Agent>>;
  /** Established connections without long polls; `to`: host and port, as in the names of an agent's pools. */
  readonly openConnections: (to: string) => OpenConnection[];
  readonly bytesOf: (request: PlainRequest) => Buffer;
  /** Closes each connection as soon as it is idle. */
  readonly retire: () => void;
}

/** Loads the HTTP client, for plain HTTP without `tls`. Connects to no member yet. */
export async function openConnection(tls: ConnectionOptions | undefined): Promise<EtcdConnection> {
  const [{ createUnheldAgent, retire }, http] = await Promise.all([
    import('../../net/http-agent.js'),
    tls === undefined ? import('node:http') : import('node:https'),
  ]);
  const agentOptions = { connectMs: CONNECT_WITHIN_MS, tls };
  const agents = {
    beat: createUnheldAgent(poolSizes.beat, agentOptions),
    call: createUnheldAgent(poolSizes.call, agentOptions),
    poll: createUnheldAgent(poolSizes.poll, agentOptions),
  };
  return {
    http,
    agents,
    openConnections: (to) => [...openConnections(agents.call, to), ...openConnections(agents.beat, to)],
    bytesOf: requestBytes,
    retire: () => Object.values(agents).forEach(retire),
  };
}
