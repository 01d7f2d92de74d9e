import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesBelow, read } from './source-tree.js';

interface Job {
  readonly uses?: string;
  readonly steps?: readonly { readonly uses?: string; readonly run?: string }[];
  readonly strategy?: { readonly matrix?: Readonly<Record<string, readonly (string | number)[]>> };
}

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const workflows = filesBelow('.github/workflows').map((path) => [path, parse(read(path)) as Workflow] as const);

it.each(workflows)('%s may only read, unless one of its jobs says more', (_path, { permissions }) => {
  expect(permissions).toEqual({ contents: 'read' });
});

it.each(workflows)('%s runs actions of others by their commit', (_path, { jobs }) => {
  const actions = Object.values(jobs).flatMap(({ uses, steps = [] }) => [uses, ...steps.map((step) => step.uses)]);
  const foreign = actions.filter((action) => action !== undefined && !action.startsWith('./'));
  expect(foreign.length).toBeGreaterThan(0);
  expect(foreign.filter((action) => !/@[0-9a-f]{40}$/.test(action!))).toEqual([]);
});

it('runs the unit tests on Linux, macOS and Windows, with every supported Node release', () => {
  const { jobs } = parse(read('.github/workflows/ci.yml')) as Workflow;
  const { strategy, steps = [] } = jobs.unit!;
  expect(strategy?.matrix).toEqual({
    os: ['ubuntu-latest', 'macos-latest', 'windows-latest'],
    node: jobs.test!.strategy?.matrix?.node,
  });
  expect(strategy?.matrix?.node).toEqual([20, 22, 24, 26]);
  expect(steps.map(({ run }) => run)).toContain(
    'npx vitest run --config test/vitest.config.ts --project unit test/unit',
  );
});

it('runs the tests on every other server each night', () => {
  const { on, jobs } = parse(read('.github/workflows/servers.yml')) as Workflow & { on: { schedule: unknown[] } };
  expect(on.schedule).toHaveLength(1);
  expect(Object.values(jobs).flatMap(({ steps = [] }) => steps.map(({ run }) => run))).toContain(
    'npm run test:servers',
  );
});
