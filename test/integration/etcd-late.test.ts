import { etcd } from 'rollcall';
import type { ServiceInstance } from 'rollcall';
import { afterEach, expect, inject, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later, proxyBefore } from './fixtures/live.js';

afterEach(cleanUp);

const passing = { status: 'passing', reason: 'ok' } as const;

/** etcd behind a proxy that holds each request back until the test lets all of them go on. */
async function begin() {
  const proxy = await proxyBefore(inject('etcdUrl'));
  const registry = etcd({ endpoints: [proxy.url] });
  later(() => registry.close());
  const waiting: string[] = [];
  let isHeld = true;
  let release: () => void = () => undefined;
  let released = Promise.resolve(undefined);
  const hold = () => {
    released = new Promise((resolve) => (release = () => resolve(undefined)));
  };
  hold();
  await proxy.intercept(({ path }) => {
    if (!isHeld) return undefined;
    waiting.push(path);
    return released;
  });
  const name = freshName('late');
  const instance: ServiceInstance = {
    ...{ name, id: name, nonce: `${name}-nonce`, address: '10.0.0.7', port: 3000, ttlMs: 10_000 },
    ...{ tags: [], meta: {}, checks: [] },
  };
  /** Waits until these are under way at once, and lets them go on. */
  const goOn = async (paths: readonly string[]) => {
    await waitFor(() => waiting.length === paths.length).finally(() => {
      release();
      hold();
    });
    expect(waiting.splice(0).sort()).toEqual([...paths].sort());
  };
  const holdNothing = () => {
    isHeld = false;
    release();
  };
  return { registry, instance, goOn, holdNothing, hold: () => (isHeld = true), signal: AbortSignal.timeout(20_000) };
}

it('sends both requests of a heartbeat at once, and each heartbeat whatever the others wait for', async () => {
  const { registry, instance, goOn, hold, holdNothing, signal } = await begin();
  holdNothing();
  const registration = await registry.register(instance, passing, signal);
  await registration.renew(passing, signal);
  hold();
  const beats = [registration.renew(passing, signal), registration.renew(passing, signal)];
  await goOn(['/v3/kv/txn', '/v3/kv/txn', '/v3/lease/keepalive', '/v3/lease/keepalive']);
  expect(await Promise.all(beats)).toMatchObject([{ ttlMs: 10_000 }, { ttlMs: 10_000 }]);
  holdNothing();
  await registration.deregister(signal);
});

it('starts in three round trips, and a stop removes and looks in one each', async () => {
  const { registry, instance, goOn, signal } = await begin();
  const { name, id, nonce } = instance;
  const beginning = [registry.prepare!(instance, signal), registry.read({ name, id, nonce }, signal)];
  await goOn(['/v3/kv/range', '/v3/lease/grant']);
  await Promise.all(beginning);
  const registering = registry.register(instance, passing, signal);
  await goOn(['/v3/kv/txn']);
  const registration = await registering;
  const beating = registration.renew(passing, signal);
  await goOn(['/v3/kv/txn', '/v3/lease/keepalive']);
  await beating;
  const leaving = registration.deregister(signal);
  await goOn(['/v3/kv/range', '/v3/lease/revoke']);
  await leaving;
  const looking = registry.discovery!.find!({ name, id, nonce }, signal);
  await goOn(['/v3/kv/range']);
  expect(await looking).toBeUndefined();
});

it('is removed as quickly by a client in another thread, which knows the lease', async () => {
  const { registry, instance, goOn, holdNothing, signal } = await begin();
  const { name, id, nonce } = instance;
  const other = etcd({ endpoints: [inject('etcdUrl')] });
  later(() => other.close());
  const registration = await other.register(instance, passing, signal);
  await registration.renew(passing, signal);
  registry.receipts!.accept(nonce, other.receipts!.of(nonce));
  const leaving = registry.remove({ name, id, nonce }, signal);
  await goOn(['/v3/kv/range', '/v3/lease/revoke']);
  await leaving;
  holdNothing();
  expect(await registry.read({ name, id }, signal)).toBeUndefined();
});
