// Sticky socket.io: the primary listens and hands each connection to a worker, so the primary registers, and no worker.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setupMaster, setupWorker } from '@socket.io/sticky';
import { Server } from 'socket.io';
import { register } from 'rollcall';

if (cluster.isPrimary) {
  // Sticky sends what a client has sent so far as a Buffer.
  cluster.setupPrimary({ serialization: 'advanced' });
  const server = createServer();
  setupMaster(server, { loadBalancingMethod: 'least-connection' });
  let ready = 0;
  for (let i = 0; i < 2; i += 1) cluster.fork().once('message', () => (ready += 1));
  server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');

  const registrar = await register(server, {
    name: process.env.SERVICE_NAME ?? 'room',
    // A worker that has not set itself up loses what it is handed.
    ready: () => ready === 2,
    wait: '1m',
    // The primary sees connections and no requests, so it cannot tell when the traffic has gone.
    shutdown: { drain: { min: '2s' } },
  });
  // Each worker answers what it has, then ends.
  registrar.onStop('after drain', 'workers', async () => {
    const workers = Object.values(cluster.workers ?? {}).flatMap((worker) => worker ?? []);
    const ended = workers.map((worker) => once(worker, 'exit'));
    cluster.disconnect();
    await Promise.all(ended);
  });

  const { state, id, port } = registrar.status();
  console.log(`http://127.0.0.1:${port ?? 0} is ${state} as ${id ?? 'no id yet'}`);
} else {
  const server = createServer((_request, response) => response.end(`hello from ${process.pid}\n`));
  const io = new Server(server);
  setupWorker(io);
  io.on('connection', (socket) => {
    socket.on('ask', (question: string, answer: (text: string) => void) => answer(`${question}, ${process.pid}`));
  });
  // The primary stops the workers: a signal to all of them must not.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
  process.once('disconnect', () => void io.close());
  process.send?.('ready');
}
