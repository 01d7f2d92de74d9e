import { expect, it } from 'vitest';
import { presentable, printable, quoted } from '../../../src/core/printable.js';
import { rememberSecret } from '../../../src/core/secrets.js';

const secret = 'hunter2-TOPSECRET';
rememberSecret(secret);

it('escapes what could forge or hide a line', () => {
  const hostile = 'a\u001b[31m\u0085\u009b\u202e\u2028\ud800b';
  const escaped = 'a\\u{1b}[31m\\u{85}\\u{9b}\\u{202e}\\u{2028}\\u{d800}b';
  expect(printable(`${hostile}\n`)).toBe(`${escaped}\\u{a}`);
  expect(presentable(`${hostile}\n\t\r👩‍💻`)).toBe(`${escaped}\n\t\\u{d}👩‍💻`);
  expect(quoted(`  ${hostile}\r\n x `, 100)).toBe('a\\u{1b}[31m\\u{85}\\u{9b}\\u{202e} \\u{d800}b x');
});

it('shows no part of a secret that it cuts', () => {
  for (let length = 1; length < 60; length += 1) {
    for (const shown of [printable, quoted].map((show) => show(`${'x'.repeat(40)}${secret}`.repeat(300), length)))
      expect(shown).not.toMatch(/hunter|TOPSE/);
    // All of what is read beyond the cut is white space.
    expect(quoted(`${' '.repeat(8_000 + length)}y${secret}`.repeat(9), 70)).not.toMatch(/hunt|SECRET/);
  }
});

it('keeps to the length', () => {
  expect(printable('x'.repeat(81))).toBe(`${'x'.repeat(77)}...`);
  expect(printable('x'.repeat(80))).toBe('x'.repeat(80));
  expect(printable('x'.repeat(100_000), Infinity)).toHaveLength(100_000);
});
