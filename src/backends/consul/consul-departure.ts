import type { Departure, DepartureAnswer, DepartureRequest } from '../../contracts/departure.js';
import { ownMaintenance } from '../../contracts/health-report.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { ConsulClient, ConsulRequest } from './consul-client.js';
import { decodeEntry, encodeReport, ttlCheckId } from './consul-codec.js';
import type { ConsulTarget } from './consul-options.js';
import { consulPath } from './consul-path.js';
import type { ConsulSightings } from './consul-sightings.js';

/** Describes how the 'exit' event leaves the agent; nothing while no connection is open. */
export function consulDepartures(
  { instance, policy, freshMs }: DepartureRequest,
  { client, target, sightings }: { client: ConsulClient; target: ConsulTarget; sightings: ConsulSightings },
): Departure[] {
  const connections = client.openConnections();
  if (connections.length === 0) return [];
  const { id, nonce } = instance;
  const key = keyOf(instance);
  const leave = client.bytesOf(leaveRequest(policy, instance, target));
  const path = consulPath('/agent/health/service/id/', id, key, target);
  const look = {
    request: client.bytesOf({ operation: 'read', method: 'GET', path, pool: 'call' }),
    next: (answer: DepartureAnswer) => (nonceIn(answer) === nonce ? leave : undefined),
  };
  return [{ kind: 'http', connections, ...(sightings.isOurs(nonce, freshMs) && { request: leave }), look }];
}

function leaveRequest(
  policy: DepartureRequest['policy'],
  instance: DepartureRequest['instance'],
  target: ConsulTarget,
): ConsulRequest {
  const put = { operation: 'exit', method: 'PUT', pool: 'call' } as const;
  const { id } = instance;
  switch (policy) {
    case 'deregister':
      return { ...put, path: consulPath('/agent/service/deregister/', id, instance, target) };
    case 'maintenance': {
      const query = { enable: 'true', reason: ownMaintenance('stopped').reason };
      return { ...put, path: consulPath('/agent/service/maintenance/', id, instance, target, query) };
    }
    case 'critical': {
      const body = Buffer.from(JSON.stringify(encodeReport({ status: 'critical', reason: 'stopped' })));
      return { ...put, path: consulPath('/agent/check/update/', ttlCheckId(id), instance, target), body };
    }
  }
}

/** Undefined for an answer without an entry of rollcall. */
function nonceIn({ text }: DepartureAnswer): string | undefined {
  try {
    return decodeEntry(JSON.parse(text))?.instance.nonce;
  } catch {
    return undefined;
  }
}
