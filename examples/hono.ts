// Hono on Node: `serve` returns the server that `register` takes.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { register } from 'rollcall';

const app = new Hono();
app.get('/', (context) => context.text('hello\n'));
const server = serve({
  fetch: app.fetch,
  port: Number(process.env.PORT ?? 0),
  hostname: process.env.HOST ?? '127.0.0.1',
});

const registrar = await register(server, { name: process.env.SERVICE_NAME ?? 'quotes', health: { path: '/health' } });

const { state, id, port } = registrar.status();
console.log(`http://127.0.0.1:${port ?? 0} is ${state} as ${id ?? 'no id yet'}`);
