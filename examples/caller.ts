// A service that calls another one: both register in the same Consul, and the caller finds the other there.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { register } from 'rollcall';
import { createResolver } from 'rollcall/discovery';

const orders = createResolver().service(process.env.CALLS ?? 'orders');

const server = createServer((_request, response) => {
  orders
    .run(
      async (origin, { signal }) => {
        const answer = await fetch(origin, { signal });
        return { status: answer.status, text: await answer.text() };
      },
      // A GET may arrive twice, so a second instance is asked if the first one fails.
      { idempotent: true, attemptTimeout: '1s' },
    )
    .then(
      ({ status, text }) => response.writeHead(status).end(`${orders.name} says: ${text}\n`),
      (error: unknown) => response.writeHead(503).end(`${(error as Error).message}\n`),
    );
});
server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');
await once(server, 'listening');

const registrar = await register(server, { name: process.env.SERVICE_NAME ?? 'checkout' });

const { state, id, port } = registrar.status();
console.log(`http://127.0.0.1:${port ?? 0} is ${state} as ${id ?? 'no id yet'}`);
