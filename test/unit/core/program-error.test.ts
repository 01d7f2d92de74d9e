import { describe, expect, it } from 'vitest';
import { isProgramError } from '../../../src/core/program-error.js';

const coded = (code: string) => Object.assign(new Error('failed'), { code });

describe('a fault of the code', () => {
  it.each([
    new TypeError('x is not a function'),
    new RangeError('Invalid array length'),
    new ReferenceError('x is not defined'),
    new SyntaxError('Unexpected token'),
    coded('ERR_MODULE_NOT_FOUND'),
    coded('MODULE_NOT_FOUND'),
  ])('is %s', (error) => {
    expect(isProgramError(error)).toBe(true);
  });

  it.each([
    new Error('socket hang up'),
    coded('ECONNREFUSED'),
    coded('CERT_HAS_EXPIRED'),
    coded('ERR_TLS_CERT_ALTNAME_INVALID'),
  ])('is not %s', (error) => {
    expect(isProgramError(error)).toBe(false);
  });
});
