'use strict';

/** Who may import whom: each layer and what it may see below itself. A layer always sees itself. */
const ground = '^src/((errors|clock|process-wide)\\.ts$|instance/|resilience/|telemetry/|config/(?!resolve|choose-registry|consul|built-in-registries)|discovery/discovery\\.ts$|registry/(registry|worker-spec)\\.ts$|health/(report|component)\\.ts$|lifecycle/(states|machine)\\.ts$)';
const below = {
  ground: { is: ground, sees: [] },
  registry: { is: '^src/registry/(?!(registry|worker-spec)\\.ts$)', sees: ['ground'] },
  health: { is: '^src/health/(?!(report|component)\\.ts$)', sees: ['ground'] },
  server: { is: '^src/server/', sees: ['ground', 'health'] },
  backends: { is: '^src/backends/', sees: ['ground'] },
  heartbeat: { is: '^src/heartbeat/(?!thread/beat-thread\\.ts$)', sees: ['ground', 'registry', 'health'] },
  lifecycle: { is: '^src/lifecycle/(?!(states|machine|farewell-thread)\\.ts$)', sees: ['ground', 'registry', 'health', 'server', 'heartbeat'] },
  cluster: { is: '^src/cluster/', sees: ['ground', 'registry'] },
  discovery: { is: '^src/discovery/(?!discovery\\.ts$)', sees: ['ground', 'registry'] },
  resolve: { is: '^src/config/(resolve|choose-registry|consul|built-in-registries)', sees: ['ground', 'registry', 'backends'] },
  /** Programs that run in a worker thread. */
  threads: { is: '^src/(heartbeat/thread/beat-thread|lifecycle/farewell-thread)\\.ts$', sees: ['ground', 'registry', 'heartbeat', 'lifecycle', 'resolve'] },
  compose: { is: '^src/(registrar|cluster-registrar|register|life|status|index)\\.ts$', sees: ['ground', 'registry', 'health', 'server', 'backends', 'heartbeat', 'lifecycle', 'cluster', 'discovery', 'resolve'] },
  testing: { is: '^src/testing/', sees: ['ground'], also: '^src/backends/memory/' },
  integrations: { is: '^src/integrations/', sees: ['ground', 'registry', 'health', 'server', 'backends', 'discovery', 'compose', 'testing'] },
  cli: { is: '^src/cli/', sees: ['ground', 'registry', 'health', 'backends', 'discovery', 'resolve', 'compose'] },
};

const directions = Object.entries(below).map(([name, { is, sees, also }]) => ({
  name: `${name}-looks-down`,
  comment: `${name} may import ${['itself', ...sees].join(', ')}.`,
  severity: 'error',
  from: { path: is },
  to: { path: '^src/', pathNot: [is, ...sees.map((layer) => below[layer].is), ...(also === undefined ? [] : [also])] },
}));

/** A library with one owner: the file or folder that may name it, for its types too. */
const owners = { consul: '^src/backends/consul/', '@redis/client': '^src/backends/redis/', pino: '^src/telemetry/', valibot: '^src/config/', 'p-retry': '^src/(resilience|heartbeat)/', fastify: '^src/integrations/fastify', 'fastify-plugin': '^src/integrations/fastify', express: '^src/integrations/express' };

module.exports = {
  forbidden: [
    { name: 'no-cycles', comment: 'Type-only ones count: two files that need each other are one idea.', severity: 'error', from: {}, to: { circular: true } },
    ...directions,
    {
      name: 'every-file-has-a-layer',
      comment: 'A new folder in src needs a row in the table of layers.',
      severity: 'error',
      from: { path: '^src/', pathNot: Object.values(below).map(({ is }) => is) },
      to: {},
    },
    {
      name: 'backends-apart',
      comment: 'A backend never knows another one.',
      severity: 'error',
      from: { path: '^src/backends/([^/]+)/' },
      to: { path: '^src/backends/', pathNot: '^src/backends/$1/' },
    },
    { name: 'src-alone', comment: 'What we ship never needs tests or examples.', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|examples)/' } },
    { name: 'examples-apart', comment: 'An example uses the public names.', severity: 'error', from: { path: '^examples/' }, to: { path: '^(src/(?!index\\.ts$|integrations/)|test/(?!support/servers/))' } },
    { name: 'resolvable', severity: 'error', from: { pathNot: '^dist/' }, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency',
      comment: 'What src runs on must be a dependency, a peer or bundled by the build, as valibot and p-retry are; types alone may come from elsewhere.',
      severity: 'error',
      from: { path: '^src/' },
      to: { pathNot: 'node_modules/(valibot|p-retry)/', dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
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
