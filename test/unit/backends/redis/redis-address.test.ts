import { expect, it } from 'vitest';
import { masterIn } from '../../../../src/backends/redis/redis-address.js';

it.each([
  [['10.0.0.1', '6379'], { host: '10.0.0.1', port: 6379 }],
  [['redis-1.internal', '6380'], { host: 'redis-1.internal', port: 6380 }],
  [['fd00::1', '1'], { host: 'fd00::1', port: 1 }],
  [['10.0.0.1', '0'], undefined],
  [['10.0.0.1', '70000'], undefined],
  [['10.0.0.1', 'x'], undefined],
  [['', '6379'], undefined],
  [['10.0.0.1\u001b[31m', '6379'], undefined],
  [['x'.repeat(300), '6379'], undefined],
  [[], undefined],
  ['10.0.0.1:6379', undefined],
])('a Sentinel that answers %j names %j', (answer, address) => {
  expect(masterIn(answer)).toEqual(address);
});
