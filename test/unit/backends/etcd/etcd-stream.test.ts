import { expect, it } from 'vitest';
import { JsonLines } from '../../../../src/backends/etcd/etcd-stream.js';

it('gives each line once it is complete, and stops at the last one that is needed', () => {
  const messages: unknown[] = [];
  const lines = new JsonLines((message) => {
    messages.push(message);
    return messages.length === 3;
  });
  expect(lines.push(Buffer.from('{"a":1}\n{"b"'))).toBe(false);
  expect(messages).toEqual([{ a: 1 }]);
  expect(lines.push(Buffer.from(':2}\n\nnonsense\n{"c":3}\n'))).toBe(true);
  expect(messages).toEqual([{ a: 1 }, { b: 2 }, undefined]);
});

it('looks at each byte once, however small the pieces of a long line are', () => {
  let received = 0;
  const lines = new JsonLines((message) => {
    received = (message as string).length;
    return true;
  });
  const piece = Buffer.alloc(16, 'x');
  const startedAt = performance.now();
  lines.push(Buffer.from('"'));
  for (let pieces = 0; pieces < 65_536; pieces += 1) lines.push(piece);
  expect(lines.push(Buffer.from('"\n'))).toBe(true);
  expect(received).toBe(1_048_576);
  // About 20 ms; to join all pieces again for each new one takes more than ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});
