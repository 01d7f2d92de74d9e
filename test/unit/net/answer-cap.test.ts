import { expect, it } from 'vitest';
import type { ConfigIssue } from '../../../src/core/errors.js';
import { AnswerTooLongError, isTooLong, resolveCap } from '../../../src/net/answer-cap.js';

it('is what the option says, and its default otherwise', () => {
  const issues: ConfigIssue[] = [];
  expect(resolveCap('etcd', 'maxListBytes', undefined, issues)).toEqual({
    bytes: 33_554_432,
    option: 'etcd({ maxListBytes })',
  });
  expect(resolveCap('etcd', 'maxLookBytes', 65_536, issues).bytes).toBe(65_536);
  expect(issues).toEqual([]);
  expect(resolveCap('etcd', 'maxBatchLookBytes', -1, issues).bytes).toBe(8_388_608);
  expect(issues).toMatchObject([{ field: 'maxBatchLookBytes', value: -1 }]);
});

it('is named by the error of an answer that exceeds it', () => {
  const error = new AnswerTooLongError({ bytes: 9, option: 'redis({ maxLookBytes })' });
  expect(error.message).toBe('the answer is longer than 9 bytes, the most that redis({ maxLookBytes }) allows');
  expect([isTooLong(error), isTooLong(new Error('other')), isTooLong(undefined)]).toEqual([true, false, false]);
  expect(new AnswerTooLongError({ bytes: 9 }).message).toBe('the answer is longer than 9 bytes');
});
