// Fastify: register the plugin before `listen`; closing the app, or a SIGTERM, leaves the registry first.
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
      ? 'out of the registry, serving on until the traffic has gone'
      : 'the registry did not confirm: its TTL will take the entry out',
  );
});

await app.listen({ port: Number(process.env.PORT ?? 0), host: process.env.HOST ?? '127.0.0.1' });
