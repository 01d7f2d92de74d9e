// What workers do that know nothing of each other: each registers the port at its start and deregisters it at its end.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClusterPlan, FromCluster, ToCluster } from '../../process/fixtures/cluster-plan.js';
import { rawConsul } from '../../support/servers/raw-consul.js';

const { url, workers, options } = JSON.parse(process.argv[2] ?? '') as ClusterPlan;

if (cluster.isPrimary) {
  const tell = (message: FromCluster) => process.send?.(message);
  cluster.on('listening', (worker, { port }) =>
    tell({ kind: 'listening', worker: worker.id, pid: worker.process.pid ?? 0, port }),
  );
  cluster.on('message', (worker) => tell({ kind: 'registered', worker: worker.id, holder: 'consul' }));
  cluster.on('exit', (worker, code, signal) => tell({ kind: 'exit', worker: worker.id, code, signal }));
  process.on('message', (message) => {
    const order = message as ToCluster;
    if (order.do === 'fork') cluster.fork();
    if (order.do === 'signal') cluster.workers?.[order.worker]?.process.kill(order.signal);
  });
  for (let i = 0; i < workers; i += 1) cluster.fork();
} else {
  const consul = rawConsul(url);
  const server = createServer((_request, response) => setTimeout(() => response.end('ok'), 1));
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    const ID = `${options.name ?? ''}-${port}`;
    void consul
      .put('/v1/agent/service/register', { Name: options.name, ID, Port: port })
      .then(() => process.send?.('registered'));
    process.on('SIGTERM', () => {
      void consul.put(`/v1/agent/service/deregister/${ID}`).finally(() => process.exit());
    });
  });
}
