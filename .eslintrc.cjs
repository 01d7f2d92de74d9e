'use strict';

/** One owner per side effect: what each ban is, and the one place that is free of it. */
const bans = {
  env: [
    {
      selector: "MemberExpression[object.name='process'][property.name='env']",
      message: 'The environment is read in src/config/env.ts only.',
    },
  ],
  process: [
    {
      selector:
        "MemberExpression[object.name='process'][property.name=/^(on|once|off|addListener|prependListener|prependOnceListener|removeListener|exit|exitCode|kill|abort)$/]",
      message:
        'Process events, signals and exits live in src/shutdown/signals.ts and src/shutdown/exit/exit-handler.ts only.',
    },
  ],
  processAlias: [
    {
      selector: "VariableDeclarator[init.name='process']",
      message: 'Name process where it is used, so that its owner can be seen.',
    },
  ],
  globalAlias: [
    {
      selector: 'Identifier[name=/^(globalThis|global)$/]',
      message: 'State of the whole process is kept by src/core/process-wide.ts only; name other globals themselves.',
    },
  ],
  time: [
    {
      selector: "MemberExpression[object.name='Date'][property.name='now']",
      message: 'Time comes from a Clock (src/core/clock.ts).',
    },
    {
      selector: "NewExpression[callee.name='Date'][arguments.length=0]",
      message: 'Time comes from a Clock (src/core/clock.ts).',
    },
    {
      selector: "MemberExpression[object.name='performance']",
      message: 'Time comes from a Clock (src/core/clock.ts).',
    },
    {
      selector: "MemberExpression[object.name='process'][property.name=/^(hrtime|uptime)$/]",
      message: 'Time comes from a Clock (src/core/clock.ts).',
    },
    {
      selector: 'CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate)$/]',
      message: 'Timers come from a Clock (src/core/clock.ts).',
    },
  ],
  foreignError: [
    {
      selector: "BinaryExpression[operator='instanceof'][right.name='Error']",
      message: 'Use isError of src/core/is-error.ts: in Jest an error of Node is no instance of Error.',
    },
  ],
  abortTimeout: [
    {
      selector: "MemberExpression[object.name='AbortSignal'][property.name='timeout']",
      message: 'An injected clock does not reach AbortSignal.timeout: use a deadline on the Clock.',
    },
  ],
  defaultExport: [
    { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
    { selector: "ExportSpecifier[exported.name='default']", message: 'Export by name.' },
  ],
};

/** Every ban but the named ones, in the form of one rule entry. */
function restrict(...free) {
  return ['error', ...Object.entries(bans).flatMap(([name, entries]) => (free.includes(name) ? [] : entries))];
}

const heavy = [
  'pino',
  'consul',
  'cockatiel',
  'undici',
  'node:http2',
  'http2',
  'fastify',
  'express',
  '@redis/client',
  'ioredis',
  'prom-client',
];

module.exports = {
  root: true,
  ignorePatterns: [
    '!.eslintrc.cjs',
    '!.dependency-cruiser.cjs',
    '!.ci/',
    'node_modules/',
    'dist/',
    'coverage/',
    '.cache/',
    'test/.tmp/',
  ],
  reportUnusedDisableDirectives: true,
  overrides: [
    {
      files: ['*.cjs', '*.mjs'],
      extends: ['eslint:recommended'],
      env: { es2023: true, node: true },
      parserOptions: { ecmaVersion: 2023 },
      rules: {
        curly: ['error', 'multi-line'],
        eqeqeq: 'error',
        'no-shadow': 'error',
        'no-throw-literal': 'error',
        'no-use-before-define': ['error', { functions: false }],
        'no-var': 'error',
        'object-shorthand': 'error',
        'prefer-const': 'error',
        'prefer-template': 'error',
      },
    },
    { files: ['*.mjs'], parserOptions: { sourceType: 'module' } },
    {
      files: ['*.ts'],
      parser: '@typescript-eslint/parser',
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: __dirname },
      plugins: ['@typescript-eslint'],
      extends: ['eslint:recommended', 'plugin:@typescript-eslint/strict-type-checked'],
      rules: {
        eqeqeq: 'error',
        'no-console': 'error',
        '@typescript-eslint/consistent-type-imports': 'error',
        '@typescript-eslint/no-floating-promises': 'error',
        '@typescript-eslint/explicit-module-boundary-types': 'error',
        '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
        // Off: a listener's outcome is looked at although its type says void, and `'auto' | string` documents a value.
        '@typescript-eslint/no-confusing-void-expression': 'off',
        '@typescript-eslint/no-redundant-type-constituents': 'off',
        // Off: `signal.aborted` changes during an await, which narrowing does not know.
        '@typescript-eslint/no-unnecessary-condition': 'off',
        // Off: an assertion from a wider class is how a caught error or a child's stdin gets its own.
        '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
        '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
        '@typescript-eslint/no-unused-vars': [
          'error',
          { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
        ],
      },
    },
    {
      files: ['src/**/*.ts'],
      rules: {
        'max-lines': ['error', 300],
        'no-restricted-syntax': restrict(),
        'no-restricted-imports': 'off',
        '@typescript-eslint/no-restricted-imports': [
          'error',
          {
            paths: [
              ...['node:timers/promises', 'timers/promises', 'node:timers', 'timers'].map((name) => ({
                name,
                message: 'Timers come from a Clock (src/core/clock.ts).',
              })),
              ...['node:process', 'process', 'node:console', 'console', 'node:perf_hooks', 'perf_hooks'].map(
                (name) => ({ name, message: 'Use the global, so that its owner can be seen.' }),
              ),
              ...heavy.map((name) => ({
                name,
                message: 'Heavy: load it with await import() at first use.',
                allowTypeImports: true,
              })),
            ],
          },
        ],
      },
    },
    { files: ['src/config/env.ts'], rules: { 'no-restricted-syntax': restrict('env') } },
    {
      files: ['src/shutdown/{signals,exit/exit-handler}.ts'],
      rules: { 'no-restricted-syntax': restrict('process') },
    },
    // A program of its own: how it ends is its to say.
    { files: ['src/cli/main.ts'], rules: { 'no-restricted-syntax': restrict('process') } },
    // Nothing runs after it: the process is exiting.
    { files: ['src/shutdown/exit/run-immediates.ts'], rules: { 'no-restricted-syntax': restrict('globalAlias') } },
    { files: ['src/core/process-wide.ts'], rules: { 'no-restricted-syntax': restrict('globalAlias') } },
    { files: ['src/core/is-error.ts'], rules: { 'no-restricted-syntax': restrict('foreignError') } },
    { files: ['src/core/clock.ts'], rules: { 'no-restricted-syntax': restrict('time') } },
    { files: ['src/integrations/fastify.ts'], rules: { 'no-restricted-syntax': restrict('defaultExport') } },
    {
      // Tests and examples talk to people and to servers: softer, but promises and types count as much.
      files: ['test/**/*.ts', 'examples/**/*.ts'],
      rules: {
        'no-console': 'off',
        '@typescript-eslint/explicit-module-boundary-types': 'off',
        '@typescript-eslint/no-non-null-assertion': 'off',
        '@typescript-eslint/no-unsafe-assignment': 'off',
        '@typescript-eslint/no-unsafe-member-access': 'off',
        '@typescript-eslint/require-await': 'off',
        '@typescript-eslint/no-empty-function': 'off',
        '@typescript-eslint/unbound-method': 'off',
        '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      },
    },
    {
      files: ['test/**/*.test.ts'],
      rules: {
        'no-restricted-syntax': [
          'error',
          {
            selector:
              'MemberExpression[object.name=/^(it|test|describe|suite)$/][property.name=/^(skip|skipIf|runIf|todo|only|fails)$/]',
            message: 'A test runs or it is not there.',
          },
        ],
      },
    },
  ],
};
