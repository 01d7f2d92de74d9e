import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { allPages, snippetsOf } from '../architecture/pages.js';
import { root } from '../architecture/source-tree.js';
import { forkService, killForkedServices } from '../support/fork-service.js';
import type { ForkedService } from '../support/fork-service.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';

interface HealthEntry {
  readonly Service: { readonly ID: string };
}

const consulUrl = inject('consulUrl');
const redisUrl = inject('redisUrl');
const folder = `${root}test/.tmp/page-snippets/`;

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
});
afterAll(async () => {
  await killForkedServices();
  rmSync(folder, { recursive: true, force: true });
});

/** Several processes may have to start first. */
const STARTED_WITHIN_MS = 30_000;

/** What a page leaves to its reader, e.g. a client of a database, is not there to be run. */
const needsMore = (code: string) => /^declare /m.test(code);
/** It listens, and nothing in it ends that. */
const serves = (code: string) => /\blisten\(/.test(code) && !/\.stop\(\)/.test(code);

const snippets = allPages.flatMap(snippetsOf).filter(({ code }) => !needsMore(code));

const END = 'the code has run to its end';

/** Runs it as it stands, but under a name of its own, on a free port of loopback and on servers that the tests share. */
function run({ place, code }: (typeof snippets)[number], name: string): ForkedService {
  const here = code
    .replace(/\blisten\(3000\)/g, "listen(0, '127.0.0.1')")
    .replace(/\{ port: 3000, host: '0\.0\.0\.0' \}/g, "{ port: 0, host: '127.0.0.1' }")
    .replaceAll('http://127.0.0.1:8500', consulUrl)
    .replace(/\bconst endpoints = .*;/, `const endpoints = ['${inject('etcdUrl')}'];`)
    .replaceAll('redis://127.0.0.1:6379', redisUrl)
    .replaceAll('.cache/services', `${folder}services`)
    .replace(/\bname: '[a-z]+'/g, `name: '${name}'`);
  const file = `${folder}${place.replace(/[^A-Za-z0-9]+/g, '-')}.ts`;
  writeFileSync(file, `${here}\nconsole.log('${END}');\n`);
  return forkService(file, {
    env: {
      CONSUL_HTTP_ADDR: consulUrl,
      REDIS_URL: redisUrl,
      SERVICE_NAME: undefined,
      SERVICE_REGISTRY: undefined,
    },
  });
}

async function listed(name: string, query = ''): Promise<HealthEntry[]> {
  const consul = rawConsul(consulUrl);
  try {
    return (await consul.get(`/v1/health/service/${name}${query}`)).json<HealthEntry[]>();
  } finally {
    consul.close();
  }
}

const nameOf = (place: string) => `page-${place.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;

// They wait more than they compute.
describe.concurrent.each(snippets.filter(({ code }) => serves(code)))('the service shown by $place', (snippet) => {
  it('is listed as passing, and is gone after a SIGTERM', async () => {
    const name = nameOf(snippet.place);
    const service = run(snippet, name);
    await service.waitForLine(new RegExp(END), STARTED_WITHIN_MS);
    const [, holder = 'consul'] = /registry: (etcd|file|redis)\(/.exec(snippet.code) ?? [];
    if (holder !== 'consul') await service.waitForLine(new RegExp(`registered in ${holder}`), STARTED_WITHIN_MS);
    else await waitFor(async () => (await listed(name, '?passing')).length === 1, { timeoutMs: STARTED_WITHIN_MS });
    service.signal('SIGTERM');
    // With its shutdown hooks, Nest ends the process by the signal.
    const end = snippet.code.includes('enableShutdownHooks')
      ? { code: null, signal: 'SIGTERM' }
      : { code: 0, signal: null };
    expect(await service.exit, service.lines.join('\n')).toEqual(end);
    expect(await listed(name)).toEqual([]);
  });
});

describe.concurrent.each(snippets.filter(({ code }) => !serves(code)))('the code shown by $place', (snippet) => {
  it('runs to its end', async () => {
    const service = run(snippet, nameOf(snippet.place));
    expect(await service.exit, service.lines.join('\n')).toEqual({ code: 0, signal: null });
  });
});

it('runs most of what the pages show', () => {
  const all = allPages.flatMap(snippetsOf);
  expect(snippets.length).toBeGreaterThan(all.length / 2);
  expect(snippets.filter(({ code }) => serves(code)).length).toBeGreaterThan(5);
});
