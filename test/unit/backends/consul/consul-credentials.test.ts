import { beforeAll, expect, it } from 'vitest';
import { ConsulCredentials } from '../../../../src/backends/consul/consul-credentials.js';
import { resolveConsulOptions } from '../../../../src/backends/consul/consul-options.js';
import type { ConsulOptions } from '../../../../src/backends/consul/consul-options.js';
import { readConsulEnv } from '../../../../src/backends/consul/consul-env.js';
import { filesOf, makeAuthority } from '../../../support/tls/certificates.js';
import type { Authority } from '../../../support/tls/certificates.js';

const signal = new AbortController().signal;
let authority: Authority;
beforeAll(async () => {
  authority = await makeAuthority();
});

const secretsOf = (options: ConsulOptions) => new ConsulCredentials(resolveConsulOptions(options, readConsulEnv({})));

it('takes up another token from its file, and keeps the old one when there is none in it', async () => {
  const files = await filesOf({ token: 'one\n' });
  const credentials = secretsOf({ tokenFile: files.path('token') });
  expect(credentials.files).toEqual([files.path('token')]);
  expect(credentials.reread()).toEqual({ changed: false, problems: [] });
  const { generation } = credentials;
  await files.write('token', 'two');
  expect(credentials.reread()).toEqual({ changed: true, problems: [] });
  expect([await credentials.token('read', signal), credentials.generation]).toEqual(['two', generation + 1]);
  await files.write('token', '\n');
  expect(credentials.reread()).toEqual({ changed: false, problems: [expect.stringContaining(files.path('token'))] });
  await files.remove();
  expect(credentials.reread().problems).toEqual([expect.stringContaining('ENOENT')]);
  expect(await credentials.token('read', signal)).toBe('two');
});

it('has no token until its file is written, and says what is missing until then', async () => {
  const files = await filesOf({ token: '' });
  const credentials = secretsOf({ tokenFile: files.path('token') });
  expect(credentials.missing).toEqual([expect.stringContaining(files.path('token'))]);
  expect(() => credentials.assertComplete('read')).toThrow(/no read request was sent/);
  expect(credentials.reread()).toEqual({ changed: false, problems: [] });
  await files.write('token', 'not one');
  expect(credentials.reread()).toEqual({ changed: false, problems: [expect.stringContaining('so there is none')] });
  await files.write('token', 'one\n');
  expect(credentials.reread()).toEqual({ changed: true, problems: [] });
  expect([credentials.missing, await credentials.token('read', signal)]).toEqual([[], 'one']);
  await files.write('token', '');
  expect(credentials.reread().problems).toEqual([expect.stringContaining('the previous token stays in use')]);
  expect(credentials.missing).toEqual([]);
  await files.remove();
});

it('waits until the last of its TLS files is written, and refuses a text that is no path', async () => {
  const ours = await authority.issue();
  const files = await filesOf({ ca: '' });
  const tls = { ca: files.path('ca'), cert: files.path('cert'), key: files.path('key') };
  const credentials = secretsOf({ endpoints: ['https://there'], tls });
  expect(credentials.missing).toEqual(Object.values(tls).map((path) => expect.stringContaining(path) as unknown));
  await files.write('ca', authority.cert);
  await files.write('cert', ours.cert);
  expect(credentials.reread()).toEqual({ changed: false, problems: [] });
  await files.write('key', ours.key);
  expect(credentials.reread()).toEqual({ changed: true, problems: [] });
  expect(credentials.missing).toEqual([]);
  expect(credentials.tls).toMatchObject({ cert: ours.cert, key: ours.key, ca: authority.cert });
  await files.remove();
  expect(() => secretsOf({ endpoints: ['https://there'], tls: { ca: 'a\nb' } })).toThrow(/tls\.ca/);
});

it('counts another token from a function as a new one, and the same as none', async () => {
  let token = 'one';
  const credentials = secretsOf({ token: () => token });
  expect(credentials.files).toEqual([]);
  await credentials.token('read', signal);
  const { generation } = credentials;
  await credentials.token('read', signal);
  expect(credentials.generation).toBe(generation);
  token = 'two';
  await credentials.token('read', signal);
  expect(credentials.generation).toBe(generation + 1);
});

it('takes up other certificates, but neither half of a pair nor what is half written', async () => {
  const [ours, theirs] = await Promise.all([authority.issue(), authority.issue()]);
  const files = await filesOf({ ca: authority.cert, cert: ours.cert, key: ours.key });
  const credentials = secretsOf({
    endpoints: ['https://there'],
    tls: { ca: files.path('ca'), cert: files.path('cert'), key: files.path('key') },
  });
  const first = credentials.tls;
  expect(credentials.files).toEqual(['ca', 'cert', 'key'].map((name) => files.path(name)));
  await files.write('cert', theirs.cert);
  expect(credentials.reread()).toMatchObject({
    changed: false,
    problems: [expect.stringContaining('tls.key has to be the private key of the certificate in tls.cert')],
  });
  await files.write('key', theirs.key.slice(0, 90));
  expect(credentials.reread()).toMatchObject({ changed: false, problems: [expect.stringContaining('tls.key')] });
  expect(credentials.tls).toBe(first);
  await files.write('key', theirs.key);
  expect(credentials.reread()).toEqual({ changed: true, problems: [] });
  expect(credentials.tls).toMatchObject({ cert: theirs.cert, key: theirs.key, rejectUnauthorized: true });
  expect(credentials.reread()).toEqual({ changed: false, problems: [] });
  await files.remove();
});
