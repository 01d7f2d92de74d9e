import { once } from 'node:events';
import { createServer } from 'node:http';
import * as grpc from '@grpc/grpc-js';
import { faults } from '../../prove/balance/faults.js';
import type { Fault } from '../../prove/balance/faults.js';
import { CALLER_HEADER } from './contender.js';
import { GRPC_PATH } from './contenders/grpc.js';

export interface InstancePorts {
  readonly httpPort: number;
  readonly grpcPort: number;
}

/** One instance at an address of its own, which serves the same by HTTP and by gRPC. */
export interface PeerInstance {
  readonly address: string;
  fault: Fault;
  /** Takes no more requests, and resolves when those under way have ended. */
  close(): Promise<void>;
}

const SWEEP_MS = 20;

const asIs = (bytes: Buffer) => bytes;
const definition: grpc.ServiceDefinition = {
  call: {
    path: GRPC_PATH,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
};

/** Says of each request who sent it. */
export async function startPeerInstance(
  address: string,
  { httpPort, grpcPort }: InstancePorts,
  onRequest: (caller: string) => void,
): Promise<PeerInstance> {
  const server = createServer((request, response) => {
    onRequest(String(request.headers[CALLER_HEADER]));
    answer(instance.fault, (isFine) => response.writeHead(isFine ? 200 : 503).end('{}'));
  });
  server.keepAliveTimeout = 60_000;
  const ofGrpc = new grpc.Server();
  ofGrpc.addService(definition, {
    call(call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
      onRequest(String(call.metadata.get(CALLER_HEADER)[0]));
      answer(instance.fault, (isFine) =>
        isFine ? callback(null, Buffer.alloc(0)) : callback({ code: grpc.status.UNAVAILABLE }),
      );
    },
  });
  const instance: PeerInstance = {
    address,
    fault: 'none',
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      // A connection whose last request ends later is idle only then.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      await Promise.all([closed, new Promise<void>((resolve) => ofGrpc.tryShutdown(() => resolve()))]);
      clearInterval(sweep);
    },
  };
  await once(server.listen(httpPort, address), 'listening');
  await new Promise<void>((resolve, reject) => {
    ofGrpc.bindAsync(`${address}:${grpcPort}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return instance;
}

function answer(fault: Fault, send: (isFine: boolean) => void): void {
  const { status, afterMs } = faults[fault];
  if (afterMs !== undefined) setTimeout(() => send(status === 200), afterMs);
}
