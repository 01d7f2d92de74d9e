import type { AddressInfo } from 'node:net';
import { consul } from '../../../src/index.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import { addListener } from './listeners.js';
import { listeningServer, serve } from './serve.js';
import type { ServicePlan, ToService } from './set-ups.js';

// The service under observation, in a process of its own.
const plan = JSON.parse(process.argv[2] ?? '') as ServicePlan;
const { url, name, id, company } = plan;
// The observer ended before us.
process.once('disconnect', () => process.exit(1));
process.on('message', ({ end }: ToService) => ends[end]());
// No service has such a channel: it must not keep the process alive.
process.channel?.unref();

const ends: Readonly<Record<ToService['end'], () => void>> = {
  exit: () => process.exit(0),
  throw: () => {
    throw new Error('a bug');
  },
  reject: () => void Promise.reject(new Error('a bug')),
};

if (plan.way === 'rollcall') {
  const { server, registrar } = await serve(plan, { name, id, registry: consul({ endpoints: [url] }), logger: false });
  addListener(company, server, () => registrar.leave());
} else {
  const server = await listeningServer();
  const raw = rawConsul(url);
  const { port } = server.address() as AddressInfo;
  await raw.put('/v1/agent/service/register', { Name: name, ID: id, Address: '127.0.0.1', Port: port });
  const deregister = () => raw.put(`/v1/agent/service/deregister/${id}`);
  if (company === 'express-guide') {
    process.on('SIGTERM', () => server.close(() => void deregister().finally(() => process.exit(0))));
  } else if (company !== 'none') {
    process.on('SIGTERM', () => void deregister());
    addListener(company, server, () => Promise.resolve());
  }
}
process.send?.('serving');
