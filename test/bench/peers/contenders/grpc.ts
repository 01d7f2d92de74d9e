import * as grpc from '@grpc/grpc-js';
import { ATTEMPT_MS, CALLER_HEADER, grpcService } from '../contender.js';
import type { Contender, PeerWorld } from '../contender.js';
import { roundRobinPicker } from './grpc-picker.js';

export const GRPC_PATH = '/peers.Peers/Call';

/**
 * Outlier detection looks each second and needs 5 calls, where its defaults are 10 s and 50, and a call that was not served is
 * sent again, which is off by default.
 */
const serviceConfig = {
  loadBalancingConfig: [
    {
      outlier_detection: {
        interval: { seconds: 1, nanos: 0 },
        base_ejection_time: { seconds: 5, nanos: 0 },
        max_ejection_percent: 34,
        success_rate_ejection: {},
        failure_percentage_ejection: {
          threshold: 50,
          enforcement_percentage: 100,
          minimum_hosts: 3,
          request_volume: 5,
        },
        child_policy: [{ round_robin: {} }],
      },
    },
  ],
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        maxAttempts: 2,
        initialBackoff: '0.01s',
        maxBackoff: '0.01s',
        backoffMultiplier: 1,
        retryableStatusCodes: ['UNAVAILABLE'],
      },
    },
  ],
};

/**
 * grpc-js with round robin below outlier detection. Its names come from the same agent by DNS, read anew each second, where the
 * default is 30 s; the process needs `GRPC_NODE_USE_ALTERNATIVE_RESOLVER=true` for that.
 */
export function startGrpc(name: string, { service, dnsPort, httpPort, grpcPort }: PeerWorld): Contender {
  const target = `dns://127.0.0.1:${dnsPort}/${grpcService(service)}.service.consul:${grpcPort}`;
  const client = new grpc.Client(target, grpc.credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(serviceConfig),
    'grpc.service_config_disable_resolution': 1,
    'grpc.dns_min_time_between_resolutions_ms': 1_000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
  });
  const metadata = new grpc.Metadata();
  metadata.set(CALLER_HEADER, name);
  const asIs = (bytes: Buffer) => bytes;
  // Those of its channel are out of reach, so the same classes are used apart from it.
  const picker = roundRobinPicker(Array.from({ length: 8 }, (_, index) => `127.1.0.${index + 1}:${httpPort}`));
  const args = { metadata: {}, extraPickInfo: {} };
  return {
    pick: () => picker.pick(args),
    call: () =>
      new Promise<void>((resolve, reject) => {
        // There is no limit of an attempt, so a call has the time of two.
        const deadline = Date.now() + 2 * ATTEMPT_MS;
        client.makeUnaryRequest(GRPC_PATH, asIs, asIs, Buffer.alloc(0), metadata, { deadline }, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}
