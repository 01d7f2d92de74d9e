// A service with a custom registry: see map-registry.ts.
import { createServer } from 'node:http';
import { Registrar } from 'rollcall';
import { mapRegistry } from './map-registry.js';

const server = createServer((_request, response) => response.end('hello\n'));
const registrar = new Registrar({ name: process.env.SERVICE_NAME ?? 'hello', registry: mapRegistry() }).bind(server);

registrar.on('registered', ({ instance, holder }) => {
  console.log(`http://127.0.0.1:${instance.port ?? 0} is ${registrar.state} in ${holder} as ${instance.id}`);
});

server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');
void registrar.start();
