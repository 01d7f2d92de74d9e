import { expect, it } from 'vitest';
import { EtcdLeases } from '../../../../src/backends/etcd/etcd-leases.js';
import { FakeClock } from '../../../support/fake-clock.js';

const none = new AbortController().signal;
const instance = { nonce: 'n', ttlMs: 9_000 };
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
  expect(await leases.take(instance, grant, none)).toEqual({ lease: '1', isAging: false });
  expect(await leases.take(instance, grant, none)).toEqual({ lease: '2', isAging: false });
  expect(asked).toBe(2);
});

it('waits for one that is under way, but not for longer than its signal', async () => {
  const leases = new EtcdLeases();
  let granted: (lease: string) => void = () => undefined;
  const late = () => new Promise<string>((resolve) => (granted = resolve));
  void leases.prepare('n', late);
  const taking = leases.take(instance, refused, none);
  granted('7');
  expect((await taking).lease).toBe('7');
  void leases.prepare('n', late);
  const stop = new AbortController();
  const stopped = leases.take(instance, () => Promise.resolve('8'), stop.signal);
  stop.abort(new Error('the end'));
  await expect(stopped).rejects.toThrow('the end');
});

it('asks again after one that was refused', async () => {
  const leases = new EtcdLeases();
  await expect(leases.prepare('n', refused)).rejects.toThrow('refused');
  await leases.prepare('n', () => Promise.resolve('9'));
  expect((await leases.take(instance, refused, none)).lease).toBe('9');
});

it('tells of one that has lost a third of its TTL, whether it waited for its use or was long in coming', async () => {
  const clock = new FakeClock();
  const leases = new EtcdLeases(clock);
  const late = async () => {
    await clock.sleep(3_000);
    return '7';
  };
  const preparing = leases.prepare('n', late);
  await clock.advance(3_000);
  await preparing;
  expect(await leases.take(instance, refused, none)).toEqual({ lease: '7', isAging: true });
  const taking = leases.take(instance, late, none);
  await clock.advance(3_000);
  expect(await taking).toEqual({ lease: '7', isAging: true });
  await leases.prepare('n', () => Promise.resolve('8'));
  await clock.advance(2_999);
  expect((await leases.take(instance, refused, none)).isAging).toBe(false);
});
