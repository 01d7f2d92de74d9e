// The shortest example: one line in the start-up code of a server.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { register } from 'rollcall';

const server = createServer((_request, response) => response.end('hello\n'));
server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');
await once(server, 'listening');

const registrar = await register(server, { name: process.env.SERVICE_NAME ?? 'hello' });

const { state, id, port } = registrar.status();
console.log(`http://127.0.0.1:${port ?? 0} is ${state} as ${id ?? 'no id yet'}`);
