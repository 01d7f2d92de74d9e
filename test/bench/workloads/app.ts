import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registrar, consul } from 'rollcall';
import type { AppFacts, AppPlan } from '../load/app-plan.js';
import { plan } from './report-row.js';

// A server in a process of its own, with a Registrar or without one, that ends with whoever started it.
const { answer, registrar: kept } = plan<AppPlan>();
const body = Buffer.from(answer.body);
const headers = { ...answer.headers, 'Content-Length': body.length };
const server = createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
});
// Longer than others have their turn.
server.keepAliveTimeout = 60_000;

let userCalls = 0;
const asked = () => {
  userCalls += 1;
  return true;
};
const probed = { run: asked, ...(kept && { interval: kept.interval }) };

server.listen(0, '127.0.0.1');
await once(server, 'listening');
if (kept !== undefined) {
  const registrar = new Registrar({
    name: 'taxed',
    registry: consul({ endpoints: [kept.url] }),
    logger: false,
    ready: asked,
    health: { path: '/health', components: { db: probed, redis: { ...probed, failures: 3, onFail: 'critical' }, payments: { ...probed, onFail: 'break' } } },
  }).bind(server);
  await registrar.start();
}
process.on('message', () => process.send?.({ userCalls } satisfies AppFacts));
process.on('disconnect', () => process.exit());
process.send?.({ port: (server.address() as AddressInfo).port });
