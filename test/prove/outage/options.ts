import type { OwnOptions } from '../experiment/experiment.js';

export const outageScenarios = [
  'dark',
  'half-open',
  'restart',
  'emptied',
  'flapping',
  'empty',
  'scale-down',
  'no-leader',
] as const;
export const outageKinds = ['consul', 'etcd', 'redis'] as const;

export type OutageScenario = (typeof outageScenarios)[number];
export type OutageKind = (typeof outageKinds)[number];

/** `--only`: one of them; `--registry`: on this one only; `--dark`: how many seconds the registry is away instead of 300. */
export const outageOptions: OwnOptions = { only: outageScenarios, registry: outageKinds, dark: 'number' };
