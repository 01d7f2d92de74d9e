import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesBelow, read } from './source-tree.js';

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly uses?: string; readonly steps?: readonly { readonly uses?: string }[] }>
  >;
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
