import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { shareListener } from '../../../src/cluster/share-listener.js';

it('takes one listener of the emitter for all, and none when all have gone', () => {
  const emitter = new EventEmitter();
  const heard: string[] = [];
  const ends = Array.from({ length: 15 }, (_, index) =>
    shareListener(emitter, 'message', (from: string, what: string) => void heard.push(`${index} ${from} ${what}`)),
  );
  const other = shareListener(emitter, 'exit', () => void heard.push('exit'));
  expect(emitter.listenerCount('message')).toBe(1);
  for (const end of ends.slice(2)) end();
  emitter.emit('message', 'worker', 'hello');
  expect(heard).toEqual(['0 worker hello', '1 worker hello']);
  for (const end of ends) end();
  other();
  expect(emitter.eventNames()).toEqual([]);
  const [again] = [shareListener(emitter, 'message', (from: string) => void heard.push(from))];
  emitter.emit('message', 'later');
  again();
  expect(heard.at(-1)).toBe('later');
});

it('does not tell one that another has removed meanwhile of what comes after', () => {
  const emitter = new EventEmitter();
  const heard: string[] = [];
  const end = shareListener(emitter, 'message', () => void heard.push('first'));
  shareListener(emitter, 'message', () => end());
  emitter.emit('message');
  emitter.emit('message');
  expect(heard).toEqual(['first']);
});
