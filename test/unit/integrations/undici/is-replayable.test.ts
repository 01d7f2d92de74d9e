import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { isReplayable } from '../../../../src/integrations/undici/is-replayable.js';

it.each([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'text'],
  ['a Buffer', Buffer.from('text')],
  ['an ArrayBuffer', new ArrayBuffer(1)],
  ['a Blob', new Blob(['text'])],
  ['a form', new FormData()],
])('sends %s again', (_, body) => {
  expect(isReplayable(body)).toBe(true);
});

it.each([
  ['a stream', Readable.from(['text'])],
  ['a web stream', new Blob(['text']).stream()],
  ['an iterator', ['text'].values()],
  ['what it does not know', {}],
])('does not send %s again', (_, body) => {
  expect(isReplayable(body)).toBe(false);
});
