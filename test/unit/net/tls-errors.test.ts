import { expect, it } from 'vitest';
import { openingFailure, tlsFault } from '../../../src/net/tls-errors.js';
import { asError } from '../../../src/core/errors.js';

const failure = (message: string, code: string) => Object.assign(new Error(message), { code });
const reset = failure('write ECONNRESET', 'ECONNRESET');

it.each([
  ['a reset on which we showed no certificate', reset, {}, 'other', 'no certificate'],
  ['a reset although we showed one', reset, { cert: 'c' }, 'other', undefined],
  ['a reset without TLS', reset, undefined, 'other', undefined],
  ['silence', failure('Connection timeout', ''), {}, 'silence', 'no handshake'],
  ['silence without TLS', failure('Connection timeout', ''), undefined, 'silence', undefined],
  [
    'what says enough itself',
    failure('disconnected before secure TLS connection', 'ECONNRESET'),
    {},
    'other',
    'no handshake',
  ],
  ['a refused connection', failure('connect ECONNREFUSED', 'ECONNREFUSED'), {}, 'other', undefined],
] as const)('tells what may be wrong with TLS: %s', (_what, error, tls, kind, fault) => {
  const told = openingFailure(error, tls, kind);
  expect(tlsFault(asError(told))).toBe(fault);
  if (fault === undefined) expect(told).toBe(error);
});
