import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { Registrar, consul } from 'rollcall';
import type { AppFacts, StartedAppPlan } from '../load/app-plan.js';
import { plan } from './report-row.js';

// A server in a process of its own, with a Registrar or without one, that ends with whoever started it.
const { answer, asks, otherPort, registrar: kept, polls } = plan<StartedAppPlan>();
const body = Buffer.from(answer.body);
const headers = { ...answer.headers, 'Content-Length': body.length };
const say = (response: ServerResponse) => {
  response.writeHead(200, headers);
  response.end(body);
};
const agent = new Agent({ keepAlive: true });
const askOther = (response: ServerResponse) => {
  get({ host: '127.0.0.1', port: otherPort, agent }, (other) => other.resume().on('end', () => say(response)));
};

async function listen(server: Server): Promise<Server> {
  // Longer than others have their turn.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

let userCalls = 0;
const asked = () => {
  userCalls += 1;
  return true;
};

const server = await listen(createServer((_request, response) => (asks ? askOther(response) : say(response))));
if (kept !== undefined) {
  const probed = { run: asked, interval: kept.interval };
  const registrar = new Registrar({
    name: 'taxed',
    registry: consul({ endpoints: [kept.url] }),
    logger: false,
    ready: asked,
    heartbeat: { thread: kept.thread },
    health: {
      path: '/health',
      components: {
        db: probed,
        redis: { ...probed, failures: 3, onFail: 'critical' },
        payments: { ...probed, onFail: 'break' },
      },
    },
  }).bind(kept.bound ? server : await listen(createServer()));
  await registrar.start();
}
if (polls !== undefined) {
  const Consul = createRequire(import.meta.url)('consul') as new (options: object) => {
    status: { leader(): Promise<string> };
  };
  const { hostname, port } = new URL(polls);
  const client = new Consul({ host: hostname, port: Number(port), agent });
  setInterval(() => void client.status.leader(), 1_000);
}
process.on('message', () => process.send?.({ userCalls } satisfies AppFacts));
process.on('disconnect', () => process.exit());
process.send?.({ port: (server.address() as AddressInfo).port });
