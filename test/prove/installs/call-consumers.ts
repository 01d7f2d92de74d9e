import { discoveryApp, grpcApp, plain, undiciApp } from './call-apps.js';
import type { Consumer, Use } from './consumer.js';

type CallApp = typeof discoveryApp;

const UNDICI_7 = '7.30.2';
const UNDICI_8 = '8.13.1';
const GRPC = '1.14.7';
/** undici 8 needs it; this release comes from npm. */
const NEWER_NODE = '22.23.5';
const nodePackage = `node-linux-${process.arch}`;
const newerNode = `../node_modules/${nodePackage}/bin/node`;
const compiler = { typescript: '6.0.3', '@types/node': '22.20.7' };

/** Used by `import` and by `require`, and compiled as each kind of module. */
function usesOf({ code, seen }: CallApp, wrong: string, node = 'node'): readonly Use[] {
  return [
    { name: 'import', files: { 'app.mjs': plain(code('import')) }, steps: [[node, 'app.mjs']], seen },
    { name: 'require', files: { 'app.cjs': plain(code('require')) }, steps: [[node, 'app.cjs']], seen },
    ...(['commonjs', 'module'] as const).map((type): Use => {
      const compilerOptions = {
        target: 'es2022',
        lib: ['es2023'],
        types: ['node'],
        module: 'nodenext',
        strict: true,
        skipLibCheck: false,
        outDir: 'out',
        rootDir: '.',
      };
      const files = {
        'package.json': JSON.stringify({ type }),
        'tsconfig.json': JSON.stringify({ compilerOptions, files: ['app.ts'] }),
        'app.ts': `${code('import')}\n${wrong}`,
      };
      return {
        name: `TypeScript ${compiler.typescript}, ${type}`,
        files,
        steps: [['tsc'], [node, 'out/app.js']],
        seen,
      };
    }),
  ];
}

/** Must not compile, or the types would be `any`. */
const refused = (code: string) => `// @ts-expect-error -- it is none\nexport const wrong = () => ${code};\n`;

/** What finds instances, and the ways to call them. */
export const callConsumers: readonly Consumer[] = [
  {
    name: 'discovery',
    packages: compiler,
    uses: usesOf(discoveryApp, refused(`createResolver({ registry: 'consul' })`)),
  },
  {
    name: `undici ${UNDICI_7}`,
    packages: { ...compiler, undici: UNDICI_7 },
    uses: usesOf(undiciApp, refused(`discover('orders')`)),
  },
  {
    name: `undici ${UNDICI_8} on Node ${NEWER_NODE}`,
    packages: { ...compiler, undici: UNDICI_8, [nodePackage]: NEWER_NODE },
    uses: usesOf(undiciApp, refused(`discover('orders')`), newerNode),
  },
  {
    name: `gRPC ${GRPC}`,
    packages: { ...compiler, '@grpc/grpc-js': GRPC },
    uses: usesOf(grpcApp, refused(`registerResolver({}, createResolver())`)),
  },
];
