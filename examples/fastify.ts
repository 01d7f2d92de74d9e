// Fastify: register the plugin before `listen`. Closing the app, or SIGTERM, deregisters first.
import Fastify from 'fastify';
import rollcall from 'rollcall/fastify';

const app = Fastify();

await app.register(rollcall, {
  name: process.env.SERVICE_NAME ?? 'orders',
  tags: ['v1'],
  // GET /health, /health/live and /health/ready.
  health: { path: '/health' },
});

app.get('/', () => ({ service: app.registrar.status().name, state: app.registrar.state }));

app.registrar.on('registered', ({ instance, holder }) => {
  console.log(`http://127.0.0.1:${instance.port ?? 0} is ${app.registrar.state} in ${holder} as ${instance.id}`);
});
app.registrar.on('deregistered', ({ confirmed }) => {
  console.log(
    confirmed
      ? 'deregistered, serving until the traffic has gone'
      : 'deregistration not confirmed: the registry drops the entry when its TTL expires',
  );
});

await app.listen({ port: Number(process.env.PORT ?? 0), host: process.env.HOST ?? '127.0.0.1' });
