// Koa: `listen` returns the server that `register` takes.
import Koa from 'koa';
import { register } from 'rollcall';

const app = new Koa();
app.use((context) => {
  context.body = 'hello\n';
});
const server = app.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');

const registrar = await register(server, { name: process.env.SERVICE_NAME ?? 'menu', health: { path: '/health' } });

const { state, id, port } = registrar.status();
console.log(`http://127.0.0.1:${port ?? 0} is ${state} as ${id ?? 'no id yet'}`);
