import { expect, it } from 'vitest';
import { AnnouncedElements } from '../../../../src/backends/redis/redis-elements.js';

function countOf(text: string, pieceLength: number): number {
  const elements = new AnnouncedElements();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceLength) elements.push(bytes.subarray(at, at + pieceLength));
  return elements.count;
}

it.each([
  ['of a list and one in it', '*2\r\n$1\r\n0\r\n*9999999\r\n', 10_000_001],
  ['but not in a text', '$13\r\n*9999999\r\n*2\r\n:1\r\n$3\r\n*5\r\r\n', 0],
  ['after a text, and one that is empty', '$0\r\n\r\n$5\r\n*7\r\n*\r\n*3\r\n:1\r\n', 3],
  ['but none of null, and of a long line', `*-1\r\n$-1\r\n+${'*9'.repeat(50_000)}\r\n*4\r\n`, 4],
  ['of a map', '%2\r\n', 2],
])('counts what is announced %s, however the bytes arrive', (_what, text, count) => {
  for (const pieceLength of [1, 2, 7, 100_000]) expect(countOf(text, pieceLength)).toBe(count);
});
