import { expect, it } from 'vitest';
import { read } from './source-tree.js';

interface Locked {
  resolved?: string;
  integrity?: string;
  dev?: boolean;
  peer?: boolean;
  optional?: boolean;
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(([path]) => path !== '');

it('pins every package by its content and names no host to get it from', () => {
  expect(installed.length).toBeGreaterThan(0);
  expect(
    installed
      .filter(([, { resolved, integrity }]) => resolved !== undefined || integrity === undefined)
      .map(([path]) => path),
  ).toEqual([]);
});

it('gives an app few packages besides ours, and none that it would be warned of', () => {
  const given = installed
    .filter(([, { dev, peer, optional }]) => !(dev ?? peer ?? optional ?? false))
    .map(([path]) => path.replace('node_modules/', ''));
  expect(given).toContain('pino');
  // A client that is bundled declares it, in a release that `npm audit` warns of.
  expect(given).not.toContain('uuid');
  expect(given.length).toBeLessThanOrEqual(20);
});
