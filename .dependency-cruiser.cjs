'use strict';

/** The layers, most basic first: each may import itself and the earlier rows. `surface` is the files directly in src. */
const layers = [
  ['core', '^src/core/'],
  ['contracts', '^src/contracts/'],
  ['credentials', '^src/credentials/'],
  ['net', '^src/net/'],
  ['config', '^src/config/'],
  ['instance', '^src/instance/'],
  ['health', '^src/health/'],
  ['telemetry', '^src/telemetry/'],
  ['server', '^src/server/'],
  ['registries', '^src/registries/'],
  ['backends', '^src/backends/'],
  ['balancing', '^src/balancing/'],
  ['discovery', '^src/discovery/'],
  ['heartbeat', '^src/heartbeat/'],
  ['lifecycle', '^src/lifecycle/'],
  ['shutdown', '^src/shutdown/'],
  ['cluster', '^src/cluster/'],
  ['surface', '^src/[^/]+\\.ts$'],
  ['cli', '^src/cli/'],
  ['integrations', '^src/integrations/'],
];

/** The few arrows that run upward, for their types alone: each is named here, and no other passes. */
const upward = [['^src/cluster/cluster-registrar\\.ts$', '^src/(registrar|status)\\.ts$']];

const below = (row) => layers.slice(0, row + 1).map(([, path]) => path);
const rowOf = (path) => layers.findIndex(([, layer]) => path.startsWith(layer));

const directions = [
  ...layers.map(([name, path], row) => ({
    name: `${name}-looks-down`,
    comment: `${name} may import itself and the layers below it.`,
    severity: 'error',
    from: { path, pathNot: upward.map(([from]) => from) },
    to: { path: '^src/', pathNot: below(row) },
  })),
  ...upward.map(([from, to]) => ({
    name: 'upward-arrow-is-named',
    severity: 'error',
    from: { path: from },
    to: { path: '^src/', pathNot: [...below(rowOf(from)), to] },
  })),
  ...upward.map(([from, to]) => ({
    name: 'upward-arrow-is-type-only',
    severity: 'error',
    from: { path: from },
    to: { path: to, dependencyTypesNot: ['type-only'] },
  })),
];

/** A library with one owner: the files that may name it, for its types too. */
const owners = {
  consul: '^src/backends/consul/',
  'dns-packet': '^src/backends/dns/dns-codec\\.ts$',
  '@redis/client': '^src/backends/redis/',
  pino: '^src/telemetry/',
  valibot: '^src/config/',
  'p-retry': '^src/core/retry\\.ts$',
  yaml: '^src/cli/',
  fastify: '^src/integrations/fastify',
  '@grpc/grpc-js': '^src/integrations/grpc/',
  'fastify-plugin': '^src/integrations/fastify',
  express: '^src/integrations/express',
  '@nestjs': '^src/integrations/nestjs/',
};

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Type-only ones count: two files that need each other are one idea.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...directions,
    {
      name: 'every-file-has-a-layer',
      comment: 'A new folder in src needs a row in the table of layers.',
      severity: 'error',
      from: { path: '^src/', pathNot: layers.map(([, path]) => path) },
      to: {},
    },
    {
      name: 'backends-apart',
      comment: 'A backend never knows another one.',
      severity: 'error',
      from: { path: '^src/backends/([^/]+)/' },
      to: { path: '^src/backends/', pathNot: '^src/backends/$1/' },
    },
    {
      name: 'src-alone',
      comment: 'What we ship never needs tests or examples.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|examples)/' },
    },
    {
      name: 'examples-apart',
      comment: 'An example uses the public names.',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^(src/(?!index\\.ts$|integrations/)|test/(?!support/servers/))' },
    },
    { name: 'resolvable', severity: 'error', from: { pathNot: '^dist/' }, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency',
      comment:
        'What src runs on must be a dependency, a peer or bundled by the build; types alone may come from elsewhere.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        pathNot: 'node_modules/(consul|dns-packet|valibot|p-retry)/',
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        // A peer is a dev dependency too, for the tests.
        dependencyTypesNot: ['type-only', 'npm-peer'],
      },
    },
    ...Object.entries(owners).map(([library, owner]) => ({
      name: `one-owner-${library}`,
      severity: 'error',
      from: { path: '^src/', pathNot: owner },
      to: { path: `node_modules/${library}/` },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage|\\.cache|\\.tmp)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default', 'node'] },
  },
};
