import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readServiceEnv, readVariable } from '../../../src/config/env.js';
import type { Environment } from '../../../src/config/env.js';
import type { RegistrarOptions } from '../../../src/config/options.js';
import { resolveConfig } from '../../../src/config/resolve-config.js';
import { hasTemplate, renderTemplate } from '../../../src/config/templates.js';
import type { TemplateFacts } from '../../../src/config/templates.js';
import { ConfigError } from '../../../src/core/errors.js';
import { rememberSecret } from '../../../src/core/secrets.js';

const factsOf = (env: Environment): TemplateFacts => ({
  variable: (name) => readVariable(name, env),
  host: () => 'web1',
});
const resolve = (options: RegistrarOptions, env: Environment = {}) =>
  resolveConfig({ name: 'orders', ...options }, readServiceEnv(env), factsOf(env));

function problems(options: RegistrarOptions, env: Environment = {}): [string, unknown, string][] {
  try {
    resolve(options, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues.map(({ field, value, allowed }) => [field, value, allowed]);
    throw error;
  }
  return [];
}

describe('a template', () => {
  const facts = factsOf({ GIT_SHA: 'a1b2', EMPTY: '', BRACES: '{{host}}' });

  it.each([
    ['version={{env.GIT_SHA}}', 'version=a1b2'],
    ['{{env.GIT_SHA}}-{{host}}', 'a1b2-web1'],
    ['{{env.NONE|unknown}}', 'unknown'],
    ['{{env.EMPTY|a|b c}}', 'a|b c'],
    ['{{env.NONE|}}', ''],
    ['{{env.GIT_SHA|unknown}}', 'a1b2'],
    ['{{env.BRACES}}', '{{host}}'],
    ['a } b }} {c}', 'a } b }} {c}'],
  ])('turns %j into %j', (text, rendered) => {
    expect(renderTemplate(text, facts)).toEqual({ text: rendered });
  });

  it.each([
    '{{',
    '{{env.GIT_SHA',
    '{{ env.GIT_SHA }}',
    '{{env.}}',
    '{{env.A-B}}',
    '{{GIT_SHA}}',
    '{{pid}}',
    '{{{{host}}}}',
    '{{env.NONE|{{host}}}}',
    '{{}}',
    '{{hostname}}',
    '{{env.__proto__.x}}',
  ])('is refused as %j, with the forms there are', (text) => {
    expect(renderTemplate(text, facts)).toEqual({
      allowed: expect.stringContaining('`{{env.NAME}}`, `{{env.NAME|default}}` or `{{host}}`') as string,
    });
  });

  it.each(['NONE', 'EMPTY', '__proto__', 'constructor', 'toString'])(
    'names the variable %s when it is not set',
    (name) => {
      expect(renderTemplate(`{{env.${name}}}`, facts)).toEqual({
        allowed: expect.stringContaining(`set ${name}, or give a default`) as string,
      });
    },
  );

  it('never hands out the token of the registry', () => {
    const env = { CONSUL_HTTP_TOKEN: 'hush-hush' };
    expect(JSON.stringify(renderTemplate('{{env.CONSUL_HTTP_TOKEN}}', factsOf(env)))).not.toContain('hush');
    expect(problems({ tags: ['{{env.CONSUL_HTTP_TOKEN|x}}'] }, env)).toEqual([
      ['tags.0', expect.anything(), expect.stringContaining('secret')],
    ]);
  });

  it.each([
    ['CONSUL_HTTP_ADDR', 'http://op:hush-hush@127.0.0.1:8500'],
    ['DATABASE_URL', 'me:hush-hush@there'],
    ['OUR_PASSWORD', 'remembered-secret'],
    ['WRAPPED', Buffer.from('x:remembered-secret').toString('base64')],
  ])('fills nothing in from %s, which holds a secret', (variable, value) => {
    rememberSecret('remembered-secret');
    const rendered = renderTemplate(`{{env.${variable}}}`, factsOf({ [variable]: value }));
    expect(rendered).toEqual({ allowed: expect.stringContaining(`${variable}, which holds a secret`) as string });
  });

  it.each(['10.0.0.7:8500', 'http://10.0.0.7:1/a', 'me@example.com', 'eu-west-1'])('fills in %s', (value) => {
    expect(renderTemplate('{{env.PLACE}}', factsOf({ PLACE: value }))).toEqual({ text: value });
  });

  it('leaves a text without one as it is', () => {
    const plain = fc.string({ unit: 'binary' }).filter((text) => !hasTemplate(text));
    fc.assert(
      fc.property(plain, (text) => {
        expect(renderTemplate(text, facts)).toEqual({ text });
      }),
    );
  });

  it('takes a time that grows with its length only', () => {
    const started = performance.now();
    for (const text of [
      '{{'.repeat(1_000_000),
      '{{env.'.repeat(500_000),
      `{{${'}'.repeat(2_000_000)}`,
      `{{env.A|${'{'.repeat(2_000_000)}`,
    ])
      expect(renderTemplate(text, facts)).toHaveProperty('allowed');
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('templates', () => {
  it('are filled in in the id, tags and meta values, wherever those come from', () => {
    const env = { GIT_SHA: 'a1b2', SERVICE_TAGS: 'v1,sha={{env.GIT_SHA}}', SERVICE_META_HOST: '{{host}}' };
    expect(resolve({ id: 'orders-{{host}}', meta: { version: '{{env.GIT_SHA}}', plain: 'x' } }, env)).toMatchObject({
      id: 'orders-web1',
      tags: ['v1', 'sha=a1b2'],
      meta: { version: 'a1b2', plain: 'x', host: 'web1' },
    });
  });

  it('are none in a name: it says what it says everywhere', () => {
    expect(resolve({ name: '{{host}}' }).name).toBe('{{host}}');
  });

  it('that cannot be filled in are told together with every other problem, by field and variable', () => {
    const options = {
      id: '{{env.SLOT}}',
      tags: ['ok', '{{env.GIT_SHA}}'],
      meta: { zone: '{{zone}}', 'a.b': 'x' },
      port: 0,
    };
    expect(
      problems(options, { SERVICE_META_REGION: '{{env.REGION}}' }).map(([field, value]) => [field, value]),
    ).toEqual([
      ['id', '{{env.SLOT}}'],
      ['tags.1', '{{env.GIT_SHA}}'],
      ['SERVICE_META_REGION', '{{env.REGION}}'],
      ['meta.zone', '{{zone}}'],
      ['port', 0],
      ['meta.a.b', 'x'],
    ]);
  });

  it('are measured by what they become', () => {
    expect(problems({ meta: { long: '{{env.LONG}}' } }, { LONG: 'x'.repeat(513) })).toEqual([
      ['meta.long', 'x'.repeat(513), 'at most 512 bytes'],
    ]);
    expect(problems({ id: '{{env.UP}}' }, { UP: '../x' }).map(([field]) => field)).toEqual(['id']);
    expect(problems({ tags: ['{{env.NONE|}}'] }).map(([field, value]) => [field, value])).toEqual([['tags.0', '']]);
  });
});
