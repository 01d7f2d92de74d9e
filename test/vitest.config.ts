import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));
const globalSetup = fileURLToPath(new URL('support/servers/global-setup.ts', import.meta.url));

/** Vitest sets `NODE_ENV=test`, under which a stop does without a drain; most tests of stops are about the drain. */
const env = { SERVICE_DRAIN: 'on' };

// Tests import the package by its public names, as a user does, and get the source.
const alias = [
  { find: /^rollcall$/, replacement: `${root}src/index.ts` },
  { find: /^rollcall\/(.+)$/, replacement: `${root}src/integrations/$1.ts` },
];

export default defineConfig({
  root,
  test: {
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reportsDirectory: 'coverage',
      thresholds: { lines: 95, branches: 90 },
    },
    projects: [
      {
        root,
        resolve: { alias },
        test: {
          name: 'unit',
          env,
          include: ['test/{unit,architecture}/**/*.test.ts'],
          // Vitest would leave a core to others, and there are none: these come first.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          testTimeout: 20_000,
        },
      },
      {
        root,
        resolve: { alias },
        test: {
          name: 'real',
          env,
          include: ['test/{contract,integration,process}/**/*.test.ts', 'test/hostile/**/*.test.ts'],
          // One shared server a kind and two cores: files that run beside each other would measure each other.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          // Each starts a process of its own.
          maxConcurrency: 3,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          ...(existsSync(globalSetup) && { globalSetup: [globalSetup] }),
        },
      },
    ],
  },
});
