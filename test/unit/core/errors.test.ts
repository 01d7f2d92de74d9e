import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { RegistryUnavailableError, asError, isError } from '../../../src/core/errors.js';

/** As Node's own errors are to code that runs in Jest. */
const foreign = runInNewContext(`Object.assign(new TypeError('no such file'), { code: 'ENOENT' })`) as Error;

it('knows an error of another realm', () => {
  expect(foreign instanceof Error).toBe(false);
  expect(isError(foreign)).toBe(true);
  expect(asError(foreign)).toBe(foreign);
});

it.each([new Error('ours'), new RegistryUnavailableError('ours'), new DOMException('ours')])('knows %s', (error) => {
  expect(isError(error)).toBe(true);
});

it.each([undefined, null, 'text', { message: 'not an error', name: 'Error' }])('takes %s for none', (thrown) => {
  expect(isError(thrown)).toBe(false);
  expect(asError(thrown)).toBeInstanceOf(Error);
});
