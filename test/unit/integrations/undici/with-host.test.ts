import { expect, it } from 'vitest';
import { withHost } from '../../../../src/integrations/undici/with-host.js';

const pairs = function* (...each: [string, unknown][]) {
  yield* each;
};

it.each([
  [undefined, { host: 'a.service' }],
  [null, { host: 'a.service' }],
  [{ x: ['1', '2'] }, { x: ['1', '2'], host: 'a.service' }],
  [
    ['x', 'host'],
    ['x', 'host', 'host', 'a.service'],
  ],
  [pairs(['x', '1'], ['x', '2']), ['x', '1', 'x', '2', 'host', 'a.service']],
  [new Headers({ x: '1' }), ['x', '1', 'host', 'a.service']],
])('adds a host to %j', (headers, expected) => {
  expect(withHost(headers, 'a.service')).toEqual(expected);
});

it.each([
  [{ HOST: 'b' }, { HOST: 'b' }],
  [
    ['x', '1', 'Host', 'b'],
    ['x', '1', 'Host', 'b'],
  ],
  [pairs(['hOst', 'b']), ['hOst', 'b']],
])('keeps the one of %j', (headers, expected) => {
  expect(withHost(headers, 'a.service')).toEqual(expected);
});
