// A gRPC server: no node:http server, so it sets `port` instead of `bind`. Consul checks its standard health service.
import { promisify } from 'node:util';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { Registrar } from 'rollcall';

const unsupported = (): never => {
  throw new Error('only the server is implemented');
};
function unary<I, O>(path: string, requestDeserialize: (bytes: Buffer) => I, responseSerialize: (answer: O) => Buffer) {
  const streams = { requestStream: false, responseStream: false } as const;
  const client = { requestSerialize: unsupported, responseDeserialize: unsupported };
  return { path, requestDeserialize, responseSerialize, ...streams, ...client };
}

// grpc.health.v1 without a .proto file: the answer is a message with one number, field 1.
const health = {
  check: unary('/grpc.health.v1.Health/Check', Buffer.from, (status: number) => Buffer.from([8, status])),
};
const stock = { left: unary('/shop.Stock/Left', String, (left: number) => Buffer.from(JSON.stringify(left))) };

const check: handleUnaryCall<Buffer, number> = (_, callback) => callback(null, registrar.state === 'draining' ? 2 : 1);
const left: handleUnaryCall<string, number> = (call, callback) => callback(null, call.request === 'apples' ? 12 : 0);

const server = new Server();
server.addService(health, { check });
server.addService(stock, { left });
const address = `${process.env.HOST ?? '127.0.0.1'}:${process.env.PORT ?? 0}`;
const port = await promisify(server.bindAsync.bind(server))(address, ServerCredentials.createInsecure());

const registrar = new Registrar({
  name: process.env.SERVICE_NAME ?? 'stock',
  port,
  checks: { grpc: { interval: '1s' } },
  // Only the gRPC server knows its calls in flight, so this code handles the signal itself.
  shutdown: { signals: false, drain: { min: '1s' } },
});
registrar.on('registered', ({ instance: { id }, holder }) =>
  console.log(`grpc://127.0.0.1:${port} is registered in ${holder} as ${id}`),
);
void registrar.start();

process.once('SIGTERM', () => {
  // Deregisters, drains, then accepts no new calls.
  void registrar.stop('SIGTERM').then(() => server.tryShutdown(() => console.log('all calls have ended')));
});
