import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { faults } from './faults.js';
import type { Fault } from './faults.js';

// The servers of the proof, in a process of their own: a message sets the fault of some of them.
const count = Number(process.argv[2]);
process.once('disconnect', () => process.exit(1));

const current: Fault[] = Array.from({ length: count }, () => 'none');

function answer(fault: Fault, response: ServerResponse): void {
  const { status, afterMs } = faults[fault];
  if (afterMs === undefined) return;
  setTimeout(() => response.writeHead(status).end('{}'), afterMs);
}

const ports = await Promise.all(
  current.map(async (_, index) => {
    const server = createServer((_request, response) => answer(current[index] ?? 'none', response));
    server.keepAliveTimeout = 60_000;
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }),
);
process.on('message', ({ bad, fault }: { bad: number; fault: Fault }) => {
  for (let index = 0; index < count; index += 1) current[index] = index < bad ? fault : 'none';
  process.send?.('set');
});
process.send?.({ ports });
