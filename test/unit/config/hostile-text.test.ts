import assert from 'node:assert/strict';
import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeInstance, ttlCheckId } from '../../../src/backends/consul/consul-codec.js';
import { resolveConsulOptions } from '../../../src/backends/consul/consul-options.js';
import { consulPath } from '../../../src/backends/consul/consul-path.js';
import { encodeName } from '../../../src/backends/file/file-codec.js';
import type { Config } from '../../../src/config/config.js';
import { readConsulEnv } from '../../../src/backends/consul/consul-env.js';
import { readServiceEnv } from '../../../src/config/env.js';
import type { RegistrarOptions } from '../../../src/config/options.js';
import { resolveConfig } from '../../../src/config/resolve-config.js';
import { hasTemplate } from '../../../src/config/templates.js';
import { ConfigError } from '../../../src/core/errors.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { hostileText, hugeTexts } from '../../support/hostile-text.js';

const target = resolveConsulOptions({ endpoints: ['http://127.0.0.1:8500'] }, readConsulEnv({}));
const noEnv = readServiceEnv({});
const facts = { variable: () => undefined, host: () => 'web1' };

/** Where a text is put, and what has become of it there. */
interface Place {
  readonly put: (text: string) => RegistrarOptions;
  readonly taken: (config: Config, text: string) => string | undefined;
}

const places: Readonly<Record<string, Place>> = {
  name: { put: (text) => ({ name: text }), taken: ({ name }) => name },
  id: { put: (text) => ({ name: 'orders', id: text }), taken: ({ id }) => id },
  tag: { put: (text) => ({ name: 'orders', tags: ['first', text] }), taken: ({ tags }) => tags[1] },
  'meta value': { put: (text) => ({ name: 'orders', meta: { key: text } }), taken: ({ meta }) => meta['key'] },
  'meta key': {
    put: (text) => ({
      name: 'orders',
      meta: Object.fromEntries([
        [text, 'value'],
        ['other', 'value'],
      ]),
    }),
    taken: ({ meta }, text) => Object.keys(meta).find((key) => key === text),
  },
};

/** What the configuration makes of it; undefined when it is refused, clearly. */
function configOf(options: RegistrarOptions): Config | undefined {
  try {
    return resolveConfig(options, noEnv, facts);
  } catch (error) {
    assert.ok(error instanceof ConfigError, `a ConfigError, not ${String(error)}`);
    const lines = error.message.split('\n');
    assert.equal(lines.length, 1 + error.issues.length, 'a line for each problem');
    assert.ok(
      lines.every((line) => line.length < 400 && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(line)),
      `a message to read: ${JSON.stringify(lines)}`,
    );
    return undefined;
  }
}

/** The path has one segment for the text, means nothing else to whoever reads it, and stays as it is when an agent cleans it. */
function assertOneSegment(base: string, text: string): void {
  const path = consulPath(base, text, {}, target, { index: '1' });
  assert.match(path, /^[\x21-\x7e]+$/);
  const { pathname, search, hash, host } = new URL(`/v1${path}`, target.url);
  assert.deepEqual([host, search, hash], [target.url.host, '?index=1', '']);
  assert.equal(`${pathname}${search}`, `/v1${path}`);
  assert.ok(pathname.startsWith(`/v1${base}`) && !pathname.slice(3 + base.length).includes('/'));
  const decoded = decodeURIComponent(pathname);
  assert.equal(decoded, `/v1${base}${text}`);
  assert.equal(decodeURIComponent(decoded), decoded, 'decoded twice it is the same');
  assert.equal(posix.normalize(decoded), decoded);
}

function assertOneEntry({ name, id = 'orders-1', tags, meta }: Config): void {
  const instance: ServiceInstance = { name, id, tags, meta, nonce: 'n1', ttlMs: 10_000, checks: [] };
  const body = JSON.parse(Buffer.from(JSON.stringify(encodeInstance(instance))).toString()) as Record<string, unknown>;
  assert.deepEqual(Object.keys(body), ['ID', 'Name', 'Tags', 'Meta', 'Checks']);
  assert.deepEqual([body['ID'], body['Name'], body['Tags']], [id, name, tags]);
  assert.deepEqual(
    Object.entries(body['Meta'] as object).sort(),
    [...Object.entries(meta), ['rollcall_nonce', 'n1']].sort(),
  );
  assert.deepEqual(body['Checks'], [{ CheckID: ttlCheckId(id), Name: 'Heartbeat', TTL: '10s' }]);
  assertOneSegment('/health/service/', name);
  assertOneSegment('/agent/service/deregister/', id);
  assertOneSegment('/agent/check/update/', ttlCheckId(id));
  for (const text of [name, id]) assert.match(encodeName(text), /^(?!\.)[^/\\]+$/);
}

describe.each(Object.entries(places))('a hostile %s', (_place, { put, taken }) => {
  it('is refused clearly or is one exact entry: never another path, header or service (20,000 texts)', () => {
    let [kept, refused] = [0, 0];
    fc.assert(
      fc.property(hostileText, (text) => {
        const config = configOf(put(text));
        if (config === undefined) {
          refused += 1;
          return;
        }
        kept += 1;
        if (!hasTemplate(text)) assert.equal(taken(config, text), text);
        assertOneEntry(config);
      }),
      { numRuns: 20_000 },
    );
    expect(Math.min(kept, refused), 'both are tried').toBeGreaterThan(100);
  });

  it('of 10 MB is refused at once', () => {
    for (const text of hugeTexts) {
      const started = performance.now();
      expect(configOf(put(text))).toBeUndefined();
      expect(performance.now() - started, JSON.stringify(text.slice(0, 10))).toBeLessThan(2_000);
    }
  });
});

it('keeps a meta pair of the environment whose key is a property of every object', () => {
  const env = readServiceEnv({ SERVICE_META___PROTO__: 'x', SERVICE_META_CONSTRUCTOR: 'y' });
  const { meta } = resolveConfig(
    { name: 'orders', meta: JSON.parse('{ "__proto__": "z" }') as Record<string, string> },
    env,
    facts,
  );
  expect(Object.entries(meta).sort()).toEqual([
    ['__proto__', 'z'],
    ['constructor', 'y'],
  ]);
});
