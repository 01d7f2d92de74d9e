import { expect, it } from 'vitest';
import { settleAll } from '../../../src/core/settle-all.js';

it('resolves to all values', async () => {
  expect(await settleAll([Promise.resolve(1), undefined, 'two'])).toEqual([1, undefined, 'two']);
});

it('rejects as the first in their order that failed, once all have settled', async () => {
  let end: () => void = () => undefined;
  const late = new Promise<void>((_resolve, reject) => (end = () => reject(new Error('the first'))));
  const order: string[] = [];
  const settling = settleAll([late, Promise.reject(new Error('the second'))]).catch((thrown: unknown) => {
    order.push(String(thrown));
  });
  await new Promise((resolve) => setImmediate(resolve));
  order.push('waits');
  end();
  await settling;
  expect(order).toEqual(['waits', 'Error: the first']);
});
