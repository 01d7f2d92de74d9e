import { expect, it } from 'vitest';
import { isVerdict, translated } from '../../../../src/backends/redis/redis-errors.js';
import { StoppedError } from '../../../../src/core/errors.js';

const codeOf = (error: Error) => translated(error, 'renew', 'redis://10.0.0.1:6379').code;

it.each([
  'NOAUTH Authentication required.',
  'WRONGPASS invalid username-password pair',
  "NOPERM User orders has no permissions to run the 'eval' command",
  "ERR unknown command 'EVAL', with args beginning with: ",
])('takes for a refusal: %s', (message) => {
  expect(codeOf(new Error(message))).toBe('ROLLCALL_REGISTRY_DENIED');
  expect(isVerdict(new Error(message))).toBe(true);
});

it.each([
  'LOADING Redis is loading the dataset in memory',
  "READONLY You can't write against a read only replica.",
  'MASTERDOWN Link with MASTER is down',
  'OOM command not allowed',
  'NOREPLICAS Not enough good replicas to write.',
])('tries again after: %s', (message) => {
  expect(codeOf(new Error(message))).toBe('ROLLCALL_REGISTRY_UNAVAILABLE');
  expect(isVerdict(new Error(message))).toBe(false);
});

it.each(['WRONGTYPE Operation against a key holding the wrong kind of value', 'ERR Protocol error'])(
  'calls malformed: %s',
  (message) => {
    expect(codeOf(new Error(message))).toBe('ROLLCALL_REGISTRY_REJECTED');
  },
);

it.each([
  new Error('Socket closed unexpectedly'),
  new Error('The client is closed'),
  Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
  Object.assign(new Error('SSL alert'), { code: 'ERR_SSL' }),
])('takes for silence: %s', (error) => {
  expect(codeOf(error)).toBe('ROLLCALL_REGISTRY_UNAVAILABLE');
  expect(isVerdict(error)).toBe(false);
});

it('says what, where and the next step', () => {
  const { message } = translated(
    Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6379'), { code: 'ECONNREFUSED' }),
    'renew',
    'redis://10.0.0.1:6379',
  );
  expect(message).toBe(
    'Redis (redis://10.0.0.1:6379) could not be reached for renew (ECONNREFUSED). ' +
      'Start it there, or set redis({ url }), redis({ sentinels }) or REDIS_URL to where it runs',
  );
});

it('leaves errors of ours as they are', () => {
  const error = new StoppedError('closed');
  expect(translated(error, 'renew', '')).toBe(error);
});
