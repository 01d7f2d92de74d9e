// A gateway: sends /orders/open to /open of an instance of the service `orders`. A request without a body may go to a second one.
import { createServer, request as send } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { NoInstanceError, TimeoutError, register } from 'rollcall';
import { createResolver } from 'rollcall/discovery';

const resolver = createResolver();
// Only these: a service that a URL alone could name would be watched for every typing error.
const names = (process.env.SERVICES ?? 'orders,payments').split(',');
const services = new Map(names.map((name) => [name, resolver.service(name)]));

const server = createServer((request, response) => void serve(request, response));
server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');
const { state, id, port } = (await register(server, { name: process.env.SERVICE_NAME ?? 'gateway' })).status();
console.log(`http://127.0.0.1:${port ?? 0} is ${state} as ${id ?? 'no id yet'}`);

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', headers } = request;
  const [, name = '', path = ''] = /^\/([^/?]*)\/?(.*)$/.exec(request.url ?? '') ?? [];
  const service = services.get(name);
  if (service === undefined) return void response.writeHead(404).end(`${name} is none of ${names.join(', ')}\n`);
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  // A body is streamed, so it is gone after the first attempt.
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  const idempotent = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(method);
  const forward = (origin: string, signal: AbortSignal) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const call = send(`${origin}/${path}`, { method, headers: { ...headers, connection: 'keep-alive' }, signal });
      call.on('response', resolve).on('error', reject);
      if (hasBody) request.pipe(call);
      else call.end();
    });
  const options = { attemptTimeout: '10s', idempotent, retry: !hasBody, signal: closed.signal } as const;
  try {
    const answer = await service.run((origin, { signal }) => forward(origin, signal), options);
    const { connection: _, 'keep-alive': __, ...passedOn } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, passedOn);
    await pipeline(answer, response);
  } catch (error) {
    const status = error instanceof NoInstanceError ? 503 : error instanceof TimeoutError ? 504 : 502;
    if (response.headersSent) response.destroy();
    else response.writeHead(status).end(`${(error as Error).message}\n`);
  }
}
