// node:http with the options of a real service: readiness gate, health paths with a Consul check, tags, meta and drain.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registrar } from 'rollcall';

const stock = new Map<string, number>();

const server = createServer((request, response) => {
  const item = (request.url ?? '/').slice(1);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ item, left: stock.get(item) ?? 0 }));
});

const registrar = new Registrar({
  name: process.env.SERVICE_NAME ?? 'stock',
  tags: ['v1'],
  meta: { team: 'warehouse' },
  // Registers once the data is loaded.
  ready: () => stock.size > 0,
  // Consul checks /health/ready of this server, in addition to the heartbeat.
  checks: { http: { interval: '2s', timeout: '1s' } },
  shutdown: { drain: { min: '1s', quiet: '1s', max: '10s' }, timeout: '20s' },
});

registrar.on('registered', ({ instance, afterMs }) => {
  console.log(
    `http://127.0.0.1:${instance.port ?? 0} is ${registrar.state} as ${instance.id}, after ${Math.round(afterMs)} ms`,
  );
});
registrar.on('lost', ({ cause }) => {
  console.log(`registration lost (${cause})`);
});
registrar.on('recovered', ({ afterMs }) => {
  console.log(`listed again after ${Math.round(afterMs)} ms`);
});

registrar.bind(server);
server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');
void registrar.start();

await sleep(500);
stock.set('apples', 12);
