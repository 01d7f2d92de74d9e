import { consul, etcd, fallback, file, memory, nearest, redis } from 'rollcall';
import type { Entry, Registry } from 'rollcall';
import { expect, it } from 'vitest';
import { CloseGuard } from '../../../src/registries/close-guard.js';
import { ClosableRegistry } from '../../../src/registries/closable-registry.js';
import { RegistrationLostError } from '../../../src/core/errors.js';

const { signal } = new AbortController();
const key = { name: 'orders', id: 'orders-1' };
const refused = (operation: string) => ({
  code: 'ROLLCALL_STOPPED',
  message: expect.stringMatching(new RegExp(`is closed, so it cannot ${operation}: create a new one`)) as string,
});

it.each<[string, () => Registry]>([
  ['consul', () => consul()],
  ['etcd', () => etcd()],
  ['redis', () => redis()],
  ['file', () => file()],
  ['memory', () => memory()],
  ['fallback', () => fallback([memory(), file()])],
  ['nearest', () => nearest([memory(), file()])],
])('%s() refuses verbs after its close, without any Registrar', async (_, make) => {
  const registry = make();
  await registry.close();
  await registry.close();
  await expect(registry.read(key, signal)).rejects.toMatchObject(refused('read'));
  await expect(registry.remove(key, signal)).rejects.toMatchObject(refused('remove'));
  await expect(registry.discovery?.poll('orders', undefined, signal)).rejects.toMatchObject(refused('discover'));
});

it('names the close as the cause of what it cuts off, and nothing as the cause of an answer', async () => {
  let cutOff: (error: Error) => void = () => undefined;
  const backend: Registry = Object.assign(memory(), {
    read: () => new Promise<Entry | undefined>((_resolve, reject) => (cutOff = reject)),
    remove: () => Promise.reject(new RegistrationLostError('gone')),
  });
  const registry = new ClosableRegistry(backend);
  const reading = registry.read(key, signal);
  const removing = registry.remove(key, signal);
  const outcome = expect(reading).rejects.toMatchObject(refused('read'));
  const answer = expect(removing).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
  await registry.close();
  cutOff(new Error('socket hang up'));
  await Promise.all([outcome, answer]);
});

it('rejects with the reason of a signal before all else', async () => {
  const guard = new CloseGuard('depot');
  guard.close();
  const reason = new Error('changed my mind');
  const late = guard.run('read', AbortSignal.abort(reason), () => Promise.resolve());
  await expect(late).rejects.toBe(reason);
});

it('shows nothing that its backend hides', () => {
  expect(JSON.stringify(consul({ token: 'hush-hush' }))).not.toContain('hush');
});
