import { expect, it } from 'vitest';
import { EtcdLeases } from '../../../../src/backends/etcd/etcd-leases.js';

const none = new AbortController().signal;
const refused = () => Promise.reject(new Error('refused'));

it('knows the leases of its entries, and those that another client tells it', () => {
  const leases = new EtcdLeases();
  leases.accept('n', '7587');
  leases.accept('m', undefined);
  leases.accept('o', 'x');
  expect(['n', 'm', 'o'].map((nonce) => leases.of(nonce))).toEqual(['7587', undefined, undefined]);
  leases.forget('n');
  expect(leases.of('n')).toBeUndefined();
});

it('uses a lease that was prepared once, and asks for one otherwise', async () => {
  const leases = new EtcdLeases();
  let asked = 0;
  const grant = () => Promise.resolve(String((asked += 1)));
  await leases.prepare('n', grant);
  await leases.prepare('n', grant);
  expect(await leases.take('n', grant, none)).toBe('1');
  expect(await leases.take('n', grant, none)).toBe('2');
  expect(asked).toBe(2);
});

it('waits for one that is under way, but not for longer than its signal', async () => {
  const leases = new EtcdLeases();
  let granted: (lease: string) => void = () => undefined;
  const late = () => new Promise<string>((resolve) => (granted = resolve));
  void leases.prepare('n', late);
  const taking = leases.take('n', refused, none);
  granted('7');
  expect(await taking).toBe('7');
  void leases.prepare('n', late);
  const stop = new AbortController();
  const stopped = leases.take('n', () => Promise.resolve('8'), stop.signal);
  stop.abort(new Error('the end'));
  await expect(stopped).rejects.toThrow('the end');
});

it('asks again after one that was refused', async () => {
  const leases = new EtcdLeases();
  await expect(leases.prepare('n', refused)).rejects.toThrow('refused');
  await leases.prepare('n', () => Promise.resolve('9'));
  expect(await leases.take('n', refused, none)).toBe('9');
});
