import { once } from 'node:events';
import { createServer } from 'node:http';
import { register } from '../../../src/index.js';
import { registryOf } from '../experiment/registry-plan.js';
import type { LeasePlan } from './service-plan.js';

// One instance of the service, in a process of its own.
const { registry, name, id, ttlMs, exitsAtOnce } = JSON.parse(process.argv[2] ?? '') as LeasePlan;
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

const ANSWER_AFTER_MS = 50;

const server = createServer((_request, response) => {
  setTimeout(() => response.end('ok'), ANSWER_AFTER_MS);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
// What many services do, and the control of the rolling restarts: SIGKILL leaves as little a choice.
if (exitsAtOnce) process.once('SIGTERM', () => process.kill(process.pid, 'SIGKILL'));
await register(server, { name, id, registry: registryOf(registry), logger: false, ttl: `${ttlMs}ms` });
