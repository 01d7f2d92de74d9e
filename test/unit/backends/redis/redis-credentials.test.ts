import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveRedisOptions } from '../../../../src/backends/redis/redis-options.js';
import type { RedisOptions } from '../../../../src/backends/redis/redis-options.js';
import { asError } from '../../../../src/core/errors.js';

const { signal } = new AbortController();
const certificate = fileURLToPath(new URL('../../../support/tls/localhost.cert.pem', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-redis-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function loginOf(options: RedisOptions) {
  const { place } = resolveRedisOptions(options, { url: undefined });
  if (place.kind === 'client') throw new Error('no access');
  const { credentials, access } = place;
  return { credentials, login: () => credentials.login(access, signal) };
}

describe('a password file', () => {
  it('is followed, and keeps its last content while it has none', async () => {
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, ' first one \r\n\n');
    const { credentials, login } = loginOf({ passwordFile });
    expect(credentials.files).toEqual([passwordFile]);
    expect((await login()).password).toBe(' first one ');
    expect(credentials.reread()).toEqual({ changed: false, problems: [] });
    writeFileSync(passwordFile, 'second');
    expect(credentials.reread()).toEqual({ changed: true, problems: [] });
    expect((await login()).password).toBe('second');
    writeFileSync(passwordFile, '\n');
    expect(credentials.reread()).toEqual({
      changed: false,
      problems: [expect.stringMatching(/is empty, so the prev/)],
    });
    rmSync(passwordFile);
    expect(credentials.reread().problems).toEqual([expect.stringMatching(/ENOENT/)]);
    expect((await login()).password).toBe('second');
  });
});

describe('TLS files', () => {
  it('are followed, and keep their last content while they have none', async () => {
    const ca = join(folder, 'ca.pem');
    const pem = readFileSync(certificate, 'utf8');
    writeFileSync(ca, pem);
    const { credentials, login } = loginOf({ url: 'rediss://127.0.0.1', tls: { ca } });
    expect(credentials.files).toEqual([ca]);
    expect((await login()).tls).toMatchObject({ ca: pem, rejectUnauthorized: true });
    writeFileSync(ca, `${pem}${pem}`);
    expect(credentials.reread()).toEqual({ changed: true, problems: [] });
    expect((await login()).tls).toMatchObject({ ca: pem + pem });
    writeFileSync(ca, 'nonsense');
    expect(credentials.reread()).toEqual({ changed: false, problems: [expect.stringMatching(/^tls\.ca has to be/)] });
    expect((await login()).tls).toMatchObject({ ca: pem + pem });
  });
});

describe('a password function', () => {
  it('is called for each connection', async () => {
    let calls = 0;
    const { login } = loginOf({ password: async () => `p${String((calls += 1))}` });
    expect([(await login()).password, (await login()).password]).toEqual(['p1', 'p2']);
  });

  it.each([
    [() => Promise.reject(new RangeError('hunter2')), /redis\(\{ password \}\) threw \(RangeError\)/],
    [() => '', /returned none/],
    [() => 7 as unknown as string, /returned none/],
  ])('that gives none is named, without its words', async (password, message) => {
    const error = asError(
      await loginOf({ password })
        .login()
        .catch((thrown: unknown) => thrown),
    );
    expect(error).toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE', message: expect.stringMatching(message) });
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hunter2');
  });
});
