// Several processes on one port: the primary registers them as one instance, and each worker calls `register` as usual.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { register } from 'rollcall';
import { registerCluster } from 'rollcall/cluster';

const options = { name: process.env.SERVICE_NAME ?? 'prices', tags: ['v1'] };

if (cluster.isPrimary) {
  const instance = await registerCluster(options);
  instance.on('registered', ({ instance: { id, port }, holder }) => {
    console.log(`http://127.0.0.1:${port ?? 0} is ${instance.registrar?.state ?? 'gone'} in ${holder} as ${id}`);
  });
  // Replaces a worker that died, but not one that was stopped.
  cluster.on('exit', ({ exitedAfterDisconnect }) => {
    if (!exitedAfterDisconnect) cluster.fork();
  });
  for (let i = 0; i < 2; i += 1) cluster.fork();
} else {
  const server = createServer((_request, response) => response.end(`hello from ${process.pid}\n`));
  await register(server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1'), options);
}
