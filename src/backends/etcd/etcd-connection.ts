import type { Agent } from 'node:http';
import { tlsSettings } from '../../net/tls.js';
import type { HttpModule } from '../../net/http-request.js';
import type { EtcdTarget } from './etcd-options.js';

/** Lanes have connections of their own to each member, so that nothing can starve a beat. */
const poolSizes = { beat: 1, call: 4, poll: 4 };
export type ConnectionPool = keyof typeof poolSizes;

/** A host that is gone says nothing: the next member is asked. */
const CONNECT_WITHIN_MS = 1_000;

export interface EtcdConnection {
  readonly http: HttpModule;
  readonly agents: Readonly<Record<ConnectionPool, Agent>>;
}

/** Loads what speaks to the members; connects to none yet. */
export async function openConnection({ tls }: EtcdTarget): Promise<EtcdConnection> {
  const [{ createUnheldAgent }, http] = await Promise.all([
    import('../../net/http-agent.js'),
    tls === undefined ? import('node:http') : import('node:https'),
  ]);
  const about = { connectMs: CONNECT_WITHIN_MS, tls: tls && tlsSettings(tls.plan, tls.material) };
  return {
    http,
    agents: {
      beat: createUnheldAgent(poolSizes.beat, about),
      call: createUnheldAgent(poolSizes.call, about),
      poll: createUnheldAgent(poolSizes.poll, about),
    },
  };
}
