import type { RawClient } from '../workloads/raw-client.js';

/** An instance as it is written to Consul's catalog, past the agent, which would take its time. */
export interface LoadedInstance {
  readonly service: string;
  readonly id: string;
  readonly turn?: number;
  readonly status?: 'passing' | 'critical';
  /** Gives it an address of its own. @default 1, as all have */
  readonly at?: number;
}

const NODE = 'bench';

export async function putInstance(
  raw: RawClient,
  { service, id, turn = 0, status = 'passing', at = 1 }: LoadedInstance,
): Promise<void> {
  const body = {
    Node: NODE,
    Address: '10.0.0.1',
    SkipNodeUpdate: true,
    Service: {
      ID: id,
      Service: service,
      Address: `10.0.${at >> 8}.${at & 255}`,
      Port: 3000,
      Tags: ['v1'],
      Meta: { zone: 'eu-1a', scheme: 'http', turn: String(turn) },
    },
    Check: { Node: NODE, CheckID: `${id}:ttl`, Name: 'Heartbeat', ServiceID: id, Status: status, Output: 'ok' },
  };
  await raw.put('/v1/catalog/register', Buffer.from(JSON.stringify(body)));
}
