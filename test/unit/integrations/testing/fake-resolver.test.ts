import { expect, it } from 'vitest';
import { fakeResolver } from '../../../../src/integrations/testing.js';

const origins = ({ instances }: { instances: readonly { origin?: string }[] }) => instances.map(({ origin }) => origin);

it('gives what the test sets, at once', async () => {
  const resolver = fakeResolver({ orders: ['http://127.0.0.1:4000'] });
  const orders = resolver.service('orders');
  expect(orders.snapshot()).toMatchObject({ source: 'live', presence: 'present' });
  expect(origins(await orders.ready())).toEqual(['http://127.0.0.1:4000']);
  const changes: (string | undefined)[][] = [];
  orders.events.on('changed', (snapshot) => changes.push(origins(snapshot)));
  resolver.set('orders', ['http://127.0.0.1:4001', { address: '127.0.0.1', port: 4002, status: 'critical' }]);
  expect(changes).toEqual([['http://127.0.0.1:4001']]);
  resolver.set('orders', []);
  expect(orders.snapshot()).toMatchObject({ presence: 'gone', instances: [] });
  expect(resolver.service('billing').snapshot().presence).toBe('never-seen');
  await resolver.close();
});

it('keeps the last answer while it is away', async () => {
  const resolver = fakeResolver({ orders: ['http://127.0.0.1:4000'] });
  const orders = resolver.service('orders');
  const told: string[] = [];
  for (const event of ['stale', 'recovered'] as const) orders.events.on(event, () => told.push(event));
  resolver.setAway(true);
  expect(orders.snapshot()).toMatchObject({ source: 'memory', presence: 'present' });
  resolver.setAway(false);
  expect(orders.snapshot().source).toBe('live');
  expect(told).toEqual(['stale', 'recovered']);
  await resolver.close();
});

it('gives each change to a watch, which ends with the resolver', async () => {
  const resolver = fakeResolver();
  const orders = resolver.service('orders');
  const watch = orders.watch();
  await watch.next();
  const next = watch.next();
  resolver.set('orders', ['http://127.0.0.1:4000']);
  expect(origins((await next).value!)).toEqual(['http://127.0.0.1:4000']);
  const end = watch.next();
  await resolver.close();
  expect(await end).toEqual({ done: true, value: undefined });
  expect(() => resolver.service('orders')).toThrow('closed');
});

it('refuses an instance without an address', () => {
  expect(() => fakeResolver({ orders: ['127.0.0.1:4000'] })).toThrow('orders');
});
