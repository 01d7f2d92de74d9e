import type { Agent } from 'node:http';
import { tlsSettings } from '../../resilience/tls.js';
import type { HttpModule } from '../../resilience/transport.js';
import type { EtcdTarget } from './etcd-options.js';

/** Lanes have connections of their own to each member, so that nothing can starve a beat. */
const lanes = { beat: 1, call: 4, poll: 4 };
export type Lane = keyof typeof lanes;

/** A host that is gone says nothing: the next member is asked. */
const CONNECT_WITHIN_MS = 1_000;

export interface Wire {
  readonly http: HttpModule;
  readonly agents: Readonly<Record<Lane, Agent>>;
}

/** Loads what speaks to the members; connects to none yet. */
export async function openWire({ tls }: EtcdTarget): Promise<Wire> {
  const [{ createUnheldAgent }, http] = await Promise.all([import('../../resilience/http-agent.js'), tls === undefined ? import('node:http') : import('node:https')]);
  const about = { connectMs: CONNECT_WITHIN_MS, tls: tls && tlsSettings(tls.plan, tls.material) };
  return { http, agents: { beat: createUnheldAgent(lanes.beat, about), call: createUnheldAgent(lanes.call, about), poll: createUnheldAgent(lanes.poll, about) } };
}
