// Express: the middleware answers the health paths, and `bind` takes the server that `listen` returns.
import express from 'express';
import { expressRegistrar } from 'rollcall/express';

const rc = expressRegistrar({
  name: process.env.SERVICE_NAME ?? 'payments',
  tags: ['v1'],
  health: { path: '/health' },
});

const app = express();
app.use(rc.middleware);
app.get('/', (_request, response) => {
  response.json({ service: rc.registrar.status().name, state: rc.registrar.state });
});

rc.registrar.on('registered', ({ instance, holder }) => {
  console.log(`http://127.0.0.1:${instance.port ?? 0} is ${rc.registrar.state} in ${holder} as ${instance.id}`);
});

rc.bind(app.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1'));
