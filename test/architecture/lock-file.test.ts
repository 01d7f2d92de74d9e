import { expect, it } from 'vitest';
import { read } from './source-tree.js';

interface Locked {
  resolved?: string;
  integrity?: string;
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
