// An etcd layout for services that discover each other with go-kratos: its key and value instead of naming/endpoints.
import { createServer } from 'node:http';
import { etcd, register } from 'rollcall';
import type { EtcdLayout } from 'rollcall';

const kratos: EtcdLayout = ({ name, id, address, port, meta }) => ({
  key: `/microservices/${name}/${id}`,
  value: JSON.stringify({
    id,
    name,
    version: meta.version ?? '',
    metadata: meta,
    endpoints: [`http://${address ?? ''}:${String(port)}?isSecure=false`],
  }),
});

const server = createServer((_request, response) => response.end('hello\n')).listen(0, '127.0.0.1');
// The etcd endpoints come from ETCDCTL_ENDPOINTS, else http://127.0.0.1:2379.
const registrar = await register(server, {
  name: process.env.SERVICE_NAME ?? 'helloworld',
  meta: { version: 'v1.0.0' },
  registry: etcd({ layout: kratos }),
  required: true,
});
console.log(
  `http://127.0.0.1:${String(registrar.instance?.port)} is registered in ${registrar.status().holder ?? 'nothing'} as ${registrar.instance?.id ?? ''}`,
);
