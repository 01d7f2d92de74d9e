import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { lazyLogger } from '../../../src/telemetry/lazy-logger.js';
import type { Logger } from '../../../src/contracts/logger.js';
import { settle } from '../../support/fake-clock.js';
import { MemoryLogger } from './memory-logger.js';

/** A loader that is opened by hand. */
function gate() {
  let loads = 0;
  let open!: (logger: Logger) => void;
  let fail!: (error: Error) => void;
  const opened = new Promise<Logger>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  const load = () => {
    loads += 1;
    return opened;
  };
  return { load, open, fail, loads: () => loads };
}

it('loads at its first line, once, and not for lines below its level', () => {
  const { load, loads } = gate();
  const logger = lazyLogger(load);
  logger.debug({}, 'below');
  expect(loads()).toBe(0);
  logger.info({}, 'first');
  logger.warn({}, 'second');
  expect(loads()).toBe(1);
});

it('keeps the order of lines written before, while and after it is loaded', async () => {
  const { load, open } = gate();
  const logger = lazyLogger(load);
  const target = new MemoryLogger();
  logger.info({ n: 1 }, 'one');
  logger.error({ n: 2 }, 'two');
  expect(target.lines).toEqual([]);
  open(target);
  logger.warn({ n: 3 }, 'three');
  await settle();
  logger.info({ n: 4 }, 'four');
  expect(target.lines).toEqual([
    { level: 'info', fields: { n: 1 }, message: 'one' },
    { level: 'error', fields: { n: 2 }, message: 'two' },
    { level: 'warn', fields: { n: 3 }, message: 'three' },
    { level: 'info', fields: { n: 4 }, message: 'four' },
  ]);
});

it('is silent when there is nothing to load', async () => {
  const { load, fail, loads } = gate();
  const logger = lazyLogger(load);
  logger.info({}, 'one');
  fail(new Error('not installed'));
  await settle();
  logger.error({}, 'two');
  expect(loads()).toBe(1);
});

it('does not pass on what the loaded logger throws', async () => {
  const { load, open } = gate();
  const logger = lazyLogger(load);
  const target = new MemoryLogger();
  target.info = () => {
    throw new Error('disk full');
  };
  logger.info({}, 'one');
  logger.warn({}, 'two');
  open(target);
  await settle();
  logger.info({}, 'three');
  expect(target.messages).toEqual(['two']);
});

it('is pino by the name of rollcall', async () => {
  const module = fileURLToPath(new URL('../../../src/telemetry/lazy-logger.ts', import.meta.url));
  const code = `import { lazyLogger } from ${JSON.stringify(module)};
const logger = lazyLogger();
logger.info({ service: 'orders' }, 'one');
logger.debug({}, 'below');
logger.warn({}, 'two');`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '--eval',
    code,
  ]);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toMatchObject([
    { level: 30, name: 'rollcall', service: 'orders', msg: 'one' },
    { level: 40, name: 'rollcall', msg: 'two' },
  ]);
});
