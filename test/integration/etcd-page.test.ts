import { afterEach, expect, inject, it } from 'vitest';
import { read } from '../architecture/source-tree.js';
import { forkService, killForkedServices } from '../support/fork-service.js';
import { findServer } from '../support/servers/find-server.js';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { runProgram } from '../support/servers/run-program.js';
import { cleanUp } from './fixtures/live.js';
import { registeredOnEtcd } from './fixtures/live-etcd.js';

const url = inject('etcdUrl');
afterEach(cleanUp);
afterEach(killForkedServices);

it("is seen by etcd's own client as its page shows", async () => {
  const shown = /`etcdctl (get --prefix orders\/)`[^`]*```\n([^`]*)```/.exec(read('src/backends/etcd/README.md'));
  const [, words = '', printed = ''] = shown ?? [];
  await registeredOnEtcd(
    { endpoints: [url] },
    { name: 'orders', id: 'orders-web1-3000', tags: ['v1'], meta: { version: '1.2.3' } },
  );
  const etcdctl = await findServer('etcdctl');
  expect(await runProgram(etcdctl, ['--endpoints', url, ...words.split(' ')], { ETCDCTL_API: '3' })).toBe(printed);
});

it('is seen by go-kratos where the example puts it', async () => {
  const service = forkService('examples/kratos-layout.ts', {
    env: { ETCDCTL_ENDPOINTS: url, SERVICE_NAME: 'helloworld' },
  });
  const line = await service.waitForLine(/^http:\S+ is registered in etcd as /);
  const [, port, id] = /:(\d+) is registered in etcd as (\S+)$/.exec(line)!;
  const [found, ...others] = await rawEtcd(url).under('/microservices/helloworld/');
  expect(others).toEqual([]);
  expect(found!.key).toBe(`/microservices/helloworld/${id}`);
  expect(JSON.parse(found!.value)).toEqual({
    id,
    name: 'helloworld',
    version: 'v1.0.0',
    metadata: { version: 'v1.0.0', scheme: 'http' },
    endpoints: [`http://127.0.0.1:${port}?isSecure=false`],
  });
  service.signal('SIGTERM');
  expect(await service.exit).toEqual({ code: 0, signal: null });
  expect(await rawEtcd(url).under('/microservices/helloworld/')).toEqual([]);
});
