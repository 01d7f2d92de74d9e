import { etcd } from 'rollcall';
import type { ServiceInstance } from 'rollcall';
import { afterEach, expect, inject, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later, proxyBefore } from './fixtures/live.js';

afterEach(cleanUp);

it('sends both requests of a heartbeat at once, and each heartbeat whatever the others wait for', async () => {
  const proxy = await proxyBefore(inject('etcdUrl'));
  const registry = etcd({ endpoints: [proxy.url] });
  later(() => registry.close());
  const waiting: string[] = [];
  let isHeld = false;
  let release: () => void = () => undefined;
  const released = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
  await proxy.intercept(({ path }) => {
    if (!isHeld) return undefined;
    waiting.push(path);
    return released;
  });
  const signal = AbortSignal.timeout(20_000);
  const name = freshName('late');
  const instance: ServiceInstance = {
    ...{ name, id: name, nonce: `${name}-nonce`, address: '10.0.0.7', port: 3000, ttlMs: 10_000 },
    ...{ tags: [], meta: {}, checks: [] },
  };
  const passing = { status: 'passing', reason: 'ok' } as const;
  const registration = await registry.register(instance, passing, signal);
  await registration.renew(passing, signal);
  isHeld = true;
  const beats = [registration.renew(passing, signal), registration.renew(passing, signal)];
  await waitFor(() => waiting.length === 4).finally(release);
  expect(await Promise.all(beats)).toMatchObject([{ ttlMs: 10_000 }, { ttlMs: 10_000 }]);
  expect(waiting.sort()).toEqual(['/v3/kv/txn', '/v3/kv/txn', '/v3/lease/keepalive', '/v3/lease/keepalive']);
  await registration.deregister(signal);
});
