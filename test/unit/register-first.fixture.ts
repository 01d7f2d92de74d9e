import { createServer } from 'node:http';
import { memory, register } from 'rollcall';

// A start-up file that registers before it listens: until then nothing holds the process.
const server = createServer();
const registrar = await register(server, {
  name: 'orders',
  registry: memory(),
  logger: false,
  shutdown: { signals: false, drain: { min: 0, quiet: 0 } },
});
process.stdout.write(`${registrar.state}\n`);
const registered = new Promise((resolve) => registrar.on('registered', resolve));
server.listen(0, '127.0.0.1');
await registered;
process.stdout.write(`${registrar.state}\n`);
await registrar.stop();
