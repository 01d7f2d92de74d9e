import { lifeCode, livedInWorker, plainLifeCode, testCode } from './app.js';
import type { Consumer } from './consumer.js';

const ours = {
  typescript: '5.9.3',
  'ts-jest': '29.4.15',
  '@types/jest': '29.5.14',
  '@types/node': '20.19.43',
  '@babel/core': '7.29.13',
  '@babel/preset-env': '7.29.14',
};
const versions = ['29.7.0', '30.5.2'];

const babelConfig = `module.exports = { presets: [['@babel/preset-env', { targets: { node: 'current' } }]] };\n`;
const compilerOptions = {
  module: 'commonjs',
  moduleResolution: 'node10',
  target: 'es2022',
  lib: ['es2023'],
  strict: true,
  esModuleInterop: true,
  types: ['jest', 'node'],
  skipLibCheck: true,
};
const tsJest = `module.exports = { transform: { '\\\\.ts$': ['ts-jest', { tsconfig: ${JSON.stringify(compilerOptions)} }] } };\n`;
const nativeModules = `export default { testMatch: ['**/*.test.mjs'], transform: {} };\n`;

const jest = 'node_modules/jest/bin/jest.js';

/** Jest by its defaults, with each of the usual transforms, and with ES modules as they are. */
export const jestConsumers: readonly Consumer[] = versions.map((version) => ({
  name: `Jest ${version}`,
  packages: { ...ours, jest: version, 'babel-jest': version },
  uses: [
    {
      name: 'default config, require',
      files: { 'package.json': '{}', 'app.test.js': plainLifeCode('require') + testCode('require') },
      steps: [['jest']],
      seen: livedInWorker,
      control: true,
    },
    {
      name: `babel-jest ${version}, import`,
      files: {
        'package.json': '{}',
        'babel.config.js': babelConfig,
        'app.test.js': plainLifeCode('import') + testCode('import'),
      },
      steps: [['jest']],
      seen: livedInWorker,
      control: true,
    },
    {
      name: `ts-jest ${ours['ts-jest']}, import`,
      files: { 'package.json': '{}', 'jest.config.js': tsJest, 'app.test.ts': lifeCode('import') + testCode('import') },
      steps: [['jest']],
      seen: livedInWorker,
      control: true,
    },
    {
      name: 'native ES modules',
      files: {
        'package.json': '{}',
        'jest.config.mjs': nativeModules,
        'app.test.mjs': plainLifeCode('import') + testCode('import'),
      },
      steps: [['node', '--experimental-vm-modules', `../${jest}`]],
      seen: livedInWorker,
    },
  ],
}));
