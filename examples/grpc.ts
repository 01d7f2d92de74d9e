// A gRPC server: it is not a node:http server, so it sets `port` instead of `bind`. Consul checks its standard health
// service.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { MethodDefinition, handleUnaryCall } from '@grpc/grpc-js';
import { Registrar } from 'rollcall';

const unary = <I, O>(
  path: string,
  read: (bytes: Buffer) => I,
  write: (answer: O) => Buffer,
): MethodDefinition<I, O> => {
  const unsupported = () => {
    throw new Error('only the server is implemented');
  };
  const calls = {
    requestDeserialize: read,
    responseSerialize: write,
    requestSerialize: unsupported,
    responseDeserialize: unsupported,
  };
  return { path, requestStream: false, responseStream: false, ...calls };
};

// grpc.health.v1 without a .proto file: the answer is a message with one number, field 1.
const health = {
  check: unary('/grpc.health.v1.Health/Check', Buffer.from, (status: number) => Buffer.from([8, status])),
};
const stock = { left: unary('/shop.Stock/Left', String, (left: number) => Buffer.from(JSON.stringify(left))) };

const check: handleUnaryCall<Buffer, number> = (_call, callback) => {
  const serving = registrar.state !== 'draining';
  callback(null, serving ? 1 : 2);
};
const left: handleUnaryCall<string, number> = (call, callback) => callback(null, call.request === 'apples' ? 12 : 0);

const server = new Server();
server.addService(health, { check });
server.addService(stock, { left });
const port = await new Promise<number>((resolve, reject) => {
  const address = `${process.env.HOST ?? '127.0.0.1'}:${process.env.PORT ?? 0}`;
  server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});

const registrar = new Registrar({
  name: process.env.SERVICE_NAME ?? 'stock',
  port,
  checks: { grpc: { interval: '1s' } },
  // Only the gRPC server knows its calls in flight, so this code handles the signal itself.
  shutdown: { signals: false, drain: { min: '1s' } },
});
registrar.on('registered', ({ instance, holder }) => {
  console.log(`grpc://127.0.0.1:${port} is ${registrar.state} in ${holder} as ${instance.id}`);
});
void registrar.start();

process.once('SIGTERM', () => {
  // Deregisters, drains, then accepts no new calls.
  void registrar.stop('SIGTERM').then(() => server.tryShutdown(() => console.log('all calls have ended')));
});
