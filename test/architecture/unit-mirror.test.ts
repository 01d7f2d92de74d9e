import { expect, it } from 'vitest';
import { foldersWithoutUnitTests, isNamed, layersOf, unitTestsWithoutSource } from './unit-mirror.js';

const sources = [
  'registrar',
  'core/retry',
  'backends/consul/consul-codec',
  'backends/memory/memory-registry',
  'heartbeat/heartbeat',
  'heartbeat/worker/worker-heartbeat',
];

it('counts the folders directly under src as layers', () => {
  expect(layersOf(sources)).toEqual(['backends/', 'core/', 'heartbeat/']);
});

it('finds the folders that no unit test mirrors', () => {
  expect(foldersWithoutUnitTests({ sources, tests: ['core/retry', 'heartbeat/heartbeat'] })).toEqual([
    'backends/consul/',
    'backends/memory/',
    'heartbeat/worker/',
  ]);
});

it('takes a test with the name of a folder as its mirror, but not the tests of the folder around it', () => {
  const tests = ['backends/consul/consul-codec', 'core/retry', 'heartbeat/worker'];
  expect(foldersWithoutUnitTests({ sources, tests })).toEqual(['backends/memory/']);
});

it('finds the unit tests that a renamed or moved file left behind', () => {
  const tests = [
    'registrar',
    'core/retry',
    'core/retry-load',
    'heartbeat/worker',
    'core/retrying',
    'resilience/retry',
    'heartbeat/stall',
    'bench/judge',
  ];
  expect(unitTestsWithoutSource({ sources, tests })).toEqual([
    'core/retrying',
    'resilience/retry',
    'heartbeat/stall',
    'bench/judge',
  ]);
});

it('knows a path by its own name or by that of a folder around it', () => {
  const names = ['bench/', 'server/failing'];
  expect(['bench/judge', 'bench/load/judge', 'server/failing'].filter((path) => !isNamed(path, names))).toEqual([]);
  expect(['benches/judge', 'server/failing-late', 'server/'].filter((path) => isNamed(path, names))).toEqual([]);
});
