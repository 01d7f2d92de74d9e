import { expect, it } from 'vitest';
import type { UncheckedConfig } from '../../src/config/apply-defaults.js';
import { chooseRegistry } from '../../src/backends/choose-registry.js';
import { readServiceEnv, registryKinds, serviceVariables } from '../../src/config/env.js';
import { processFacts } from '../../src/config/templates.js';
import type { Config } from '../../src/config/config.js';
import { resolveConfig } from '../../src/config/resolve-config.js';
import { parseDuration } from '../../src/core/duration.js';
import { consul } from 'rollcall';
import { codeIn } from './markdown-tables.js';
import { optionDocs } from './option-docs.js';
import { defaultsIn, tables } from './pages.js';

type Given = Record<string, unknown>;

/** Has every group of options, so that none of them begins to exist with the one that is looked at. */
const base = {
  name: 'prod-payment-user-service-v1',
  checks: { http: { tls: {} }, tcp: {}, grpc: {} },
  health: { components: { db: {} } },
  heartbeat: {},
  shutdown: { drain: {} },
};
const docs = optionDocs();
const withDefaults = docs.flatMap(({ name, default: text }) => (text === undefined ? [] : [{ name, text }]));

/** A documented default is a value, a value and what may change it, or a description: what is no value is proven here, by its words. */
const descriptions: Readonly<Record<string, (name: string) => boolean>> = {
  ', or the interval if shorter': (name) => {
    const sibling = name.replace(/timeout$/, 'interval');
    return same(configWith({ [sibling]: '1s' }), configWith({ [sibling]: '1s', [name]: '1s' }));
  },
  ', or twice the TTL if longer; never, if `shutdown.policy` is not `deregister`': () =>
    configWith({ ttl: '2m' }).deregisterCriticalAfterMs === 240_000 &&
    configWith({ 'shutdown.policy': 'leave' }).deregisterCriticalAfterMs === undefined,
  ', or 60 % of a shorter `shutdown.timeout`': () => configWith({ 'shutdown.timeout': '10s' }).drain.maxMs === 6_000,
  'a drain': () =>
    configWith({}).noDrain === undefined && configWith({ 'shutdown.drain': false }).noDrain !== undefined,
  'a third of the TTL': () => configWith({ ttl: '9s' }).intervalMs === 3_000,
  'the TTL': () => configWith({ ttl: '9s' }).stallToleranceMs === 9_000,
  'the TTL of `tier`': () => configWith({ tier: 'standard' }).ttlMs === 30_000 && configWith({}).ttlMs === 10_000,
  '`<health.path>/ready`': () => httpCheck({ 'health.path': '/up' }).target === '/up/ready',
  'the host of the URL': () => httpCheck({}).tls?.serverName === undefined,
  // Consul asks for the whole server where no service is named.
  'the server as a whole': () => configWith({}).checks.some((check) => check.kind === 'grpc' && check.service === ''),
  'every error but an `AbortError`; a `TimeoutError` counts': (name) => {
    const counts = configWith({ [name]: undefined }).health.components[0]?.countsAsFailure;
    return (
      ['AbortError', 'TimeoutError', 'Error'].map((each) => counts?.(new DOMException('', each))).join() ===
      'false,true,true'
    );
  },
  'consul()': () => chooseRegistry({}, readServiceEnv({})).name === consul().name,
  none: (name) => configWith({ [name]: undefined }).health.components.length === 0,
  '() => true': () => configWith({}).ready() === true,
};

/** Decided later than by `applyDefaults`, which leaves them open. */
const openUntilLater: Readonly<Record<string, (config: UncheckedConfig) => unknown>> = {
  id: (config) => config.id,
  address: (config) => config.address,
  port: (config) => config.port,
  zone: (config) => config.zone,
  weights: (config) => config.weights,
  'health.port': (config) => config.health.port,
  'health.components.*.close': (config) => config.health.components[0]?.close,
};
/** Not part of the config: the Registrar hands them on. */
const elsewhere = ['config', 'logger'];

it('documents as a default what leaving the option out gives', () => {
  const values = withDefaults.flatMap(({ name, text }) => {
    const { literal } = split(text);
    return literal === undefined ? [] : [{ name, value: valueOf(literal) }];
  });
  expect(values.length).toBeGreaterThan(20);
  const wrong = values.filter(({ name, value }) => !same(configWith({}), configWith({ [name]: value })));
  expect(wrong).toEqual([]);
  const ignored = values.filter(({ name, value }) =>
    same(configWith({}), configWith({ [name]: another(name, value) })),
  );
  expect(ignored, 'another value makes no difference, so this test proves nothing of them').toEqual([]);
});

it('documents in words only what the code does', () => {
  const worded = withDefaults
    .map(({ name, text }) => ({ name, words: split(text).words }))
    .filter(({ name, words }) => words !== '' && !(name in openUntilLater) && !elsewhere.includes(name));
  expect(worded.filter(({ words }) => !(words in descriptions))).toEqual([]);
  expect(worded.filter(({ name, words }) => descriptions[words]?.(name) !== true)).toEqual([]);
  expect(Object.keys(descriptions).filter((words) => !worded.some((each) => each.words === words))).toEqual([]);
});

it('leaves open what it says is found or given later', () => {
  const config = configWith({});
  expect(Object.entries(openUntilLater).filter(([, read]) => read(config) !== undefined)).toEqual([]);
});

it('names every value that an option can have', () => {
  const unnamed = docs.flatMap(({ name, text, values }) =>
    values
      .filter((value) => !text.includes(`\`${value}\``) && !text.includes(`'${value}'`))
      .map((value) => [name, value]),
  );
  expect(docs.some(({ values }) => values.length > 2)).toBe(true);
  expect(unnamed).toEqual([]);
});

it('names every registry that the environment can choose, and no other', () => {
  const text = docs.find(({ name }) => name === 'registry')?.text ?? '';
  const list = /`SERVICE_REGISTRY` \(([^)]*)\)/.exec(text)?.[1] ?? '';
  expect(codeIn(list)).toEqual([...registryKinds]);
});

it('names the variable behind an option, and no other', () => {
  const variables = Object.values(serviceVariables).map(({ option, variable }) => [option, variable]);
  const documented = docs.flatMap(({ name, text }) => {
    const variable = /Env:\s+`([^`]+)`/.exec(text)?.[1];
    return variable === undefined ? [] : [[name, variable]];
  });
  expect(documented.sort()).toEqual(variables.sort());
});

it('says on the pages what the comments say', () => {
  const ofComponents = [...defaultsIn(tables.components)].map(([name, cell]) => [`health.components.*.${name}`, cell]);
  const cells = new Map([...defaultsIn(tables.options), ...(ofComponents as [string, string][])]);
  const differs = withDefaults.filter(({ name, text }) => {
    const { literal } = split(text);
    const cell = cells.get(name) ?? '';
    return literal !== undefined && codeIn(cell)[0] !== literal;
  });
  expect(differs.map(({ name, text }) => [name, text, cells.get(name)])).toEqual([]);
});

/** The config with options given by their dotted names; `*` is the component of the base. */
function configWith(given: Given): UncheckedConfig & Pick<Config, 'noDrain'> {
  const options = structuredClone(base) as Given;
  for (const [name, value] of Object.entries(given)) {
    const words = name.replace('*', 'db').split('.');
    const last = words.pop() ?? '';
    let group = options;
    for (const word of words) group = group[word] as Given;
    group[last] = value;
  }
  return resolveConfig(options, readServiceEnv({}), processFacts, {});
}

function httpCheck(given: Given) {
  const check = configWith(given).checks.find(({ kind }) => kind === 'http');
  if (check?.kind !== 'http') throw new Error('the base has no http check');
  return check;
}

/** Functions are made anew each time and count for nothing. */
function same(one: UncheckedConfig, other: UncheckedConfig): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** `'1m', or twice …`: a value at the begin, and the words after it. */
function split(text: string): { literal: string | undefined; words: string } {
  const [, literal, words] = /^('[^']*'|\[[^\]]*\]|\{\}|\d+|true|false)(.*)$/.exec(text) ?? [];
  return { literal, words: words ?? text };
}

function valueOf(literal: string): unknown {
  return JSON.parse(literal.replaceAll("'", '"'));
}

/** Some other value that the option can have. */
function another(name: string, value: unknown): unknown {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (Array.isArray(value)) return ['SIGHUP'];
  if (typeof value !== 'string') return { a: 'b' };
  if (value.startsWith('/')) return `${value}-of-another`;
  const ms = parseDuration(value);
  if (ms !== undefined) return ms + 1;
  return docs.find((doc) => doc.name === name)?.values.find((each) => each !== value) ?? 1;
}
