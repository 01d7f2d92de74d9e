import { expect, it } from 'vitest';
import { consul, fallback, file, nearest, redis } from '../../../src/index.js';
import { asComposed } from '../../../src/contracts/composed-registry.js';
import { readingScope } from '../../../src/registries/reading-scope.js';

const agent = (port: number) => `http://127.0.0.1:${port}`;

it('is the same for registries whose readers see the same, and tells the others apart', () => {
  const scopes = [
    consul({ endpoints: [agent(8500)] }),
    consul({ endpoints: [agent(8501)] }),
    consul({ endpoints: [agent(8500)], namespace: 'shop' }),
    consul({ endpoints: [agent(8500)], partition: 'shop' }),
    file({ dir: '/tmp/one' }),
    file({ dir: '/tmp/two' }),
    redis({ url: 'redis://127.0.0.1:6379/0' }),
    redis({ url: 'redis://127.0.0.1:6379/1' }),
    nearest([consul({ endpoints: [agent(8500)] }), consul({ endpoints: [agent(8501)] })]),
    nearest([consul({ endpoints: [agent(8500)] }), consul({ endpoints: [agent(8502)] })]),
  ].map(readingScope);
  expect(new Set(scopes).size).toBe(scopes.length);
  expect(readingScope(consul({ endpoints: [agent(8500)], token: 'secret' }))).toBe(scopes[0]);
});

it('shows no secret', () => {
  const registries = [
    consul({ endpoints: [agent(8500)], token: 'geheim' }),
    redis({ url: 'redis://:geheim@127.0.0.1' }),
  ];
  expect(registries.map(readingScope).join()).not.toContain('geheim');
});

it('is asked of each registry of a fallback chain, which readers read one by one', () => {
  const members = [consul({ endpoints: [agent(8500)] }), file({ dir: '/tmp/one' })];
  const { readers = [] } = asComposed(fallback(members)) ?? {};
  expect(readers.map(readingScope)).toEqual(members.map(readingScope));
  const { readers: several = [], choice } = asComposed(nearest(members)) ?? {};
  expect(several.map(readingScope)).toEqual(members.map(readingScope));
  expect(choice?.order()).toEqual([0, 1]);
  expect(asComposed(fallback(members))?.choice).toBeUndefined();
});

it.each([
  ['all its registries have datacenters', [agent(8500), agent(8501)], true],
  ['there is one that has none', [agent(8500)], false],
] as const)('a chain reads other datacenters where %s', (_what, urls, expected) => {
  const agents = urls.map((url) => consul({ endpoints: [url] }));
  const { discovery } = nearest(expected ? agents : [...agents, file({ dir: '/tmp/one' })]);
  expect(discovery?.traits).toMatchObject({ datacenters: expected, longPolls: 4 });
});
