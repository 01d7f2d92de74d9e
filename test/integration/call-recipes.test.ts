import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runnable, snippetsOf } from '../architecture/pages.js';
import { root } from '../architecture/source-tree.js';
import { forkService, killForkedServices } from '../support/fork-service.js';
import { refusingOrigin } from '../support/http-instance.js';
import type { HttpInstance } from '../support/http-instance.js';
import { cleanUp } from './fixtures/live.js';
import { instanceOf } from './fixtures/undici.js';

const folder = `${root}test/.tmp/call-recipes/`;

/** In place of what the page leaves to its reader: a service of which one instance refuses each connection. */
const given = (origins: readonly string[]) => `
import { fakeResolver } from 'rollcall/testing';
const resolver = fakeResolver({ orders: ${JSON.stringify(origins)} });
const orders = resolver.service('orders');
`;

const recipes = snippetsOf('src/integrations/undici/README.md').map(({ code }, at) => ({
  code,
  client: /from '(undici|axios|got|ky|node:http)'/.exec(code)?.[1] ?? 'fetch',
  repeats: !code.includes('orders.pick()'),
  file: `${folder}${String(at)}.ts`,
  answer: `the orders of recipe ${String(at)}`,
}));

const instances: HttpInstance[] = [];
let lines: readonly string[];
let end: unknown;

// One process for all: loading one takes longer than all that they do.
beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  for (const { code, file, repeats, answer } of recipes) {
    const instance = await instanceOf((_, response) => response.end(`${answer}\n`));
    instances.push(instance);
    const origins = repeats ? [await refusingOrigin(), instance.origin] : [instance.origin];
    writeFileSync(file, `${given(origins)}${runnable(code).replace(/^declare const .*$/gm, '')}\nexport {};\n`);
  }
  const main = `${folder}main.ts`;
  writeFileSync(main, recipes.map(({ file }) => `await import('${file}');\n`).join(''));
  const service = forkService(main);
  end = await service.exit;
  ({ lines } = service);
});
afterAll(async () => {
  await killForkedServices();
  await cleanUp();
  rmSync(folder, { recursive: true, force: true });
});

it('shows each client, and runs to its end', () => {
  const clients = ['undici', 'axios', 'got', 'ky', 'fetch', 'node:http', 'node:http'];
  expect(recipes.map(({ client }) => client)).toEqual(clients);
  expect(end, lines.join('\n')).toEqual({ code: 0, signal: null });
});

it.each(recipes.map(({ client, answer }, at) => ({ client, answer, at })))(
  'shows for $client how to call an instance, whether or not another one is down',
  ({ answer, at }) => {
    expect(lines.filter((line) => line.includes(answer))).toHaveLength(1);
    expect(instances[at]!.requests.map(({ url }) => url)).toEqual(['/v1/orders']);
  },
);
