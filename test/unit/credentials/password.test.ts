import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CurrentPassword, passwordOf, readPasswordFile } from '../../../src/credentials/password.js';
import { shownPath } from '../../../src/credentials/secret-file.js';
import type { ConfigIssue } from '../../../src/core/errors.js';
import { redact } from '../../../src/core/secrets.js';

const { signal } = new AbortController();
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-password-'));
  path = join(folder, 'password');
});
afterEach(() => rmSync(folder, { recursive: true }));

function currentOf(options: Parameters<typeof passwordOf>[0]) {
  const issues: ConfigIssue[] = [];
  return { current: new CurrentPassword(passwordOf(options, issues)), issues };
}

describe('a password file', () => {
  it.each([
    ['secret one\n', 'secret one'],
    [' secret two \r\n', ' secret two '],
    ['secret\tthree\n\n', 'secret\tthree'],
    ['secret four', 'secret four'],
  ])('with %j has all but the line breaks at its end, and no message shows it', (text, secret) => {
    writeFileSync(path, text);
    expect(readPasswordFile(path)).toEqual({ secret });
    expect(redact(`it was ${secret}`)).toBe('it was (hidden)');
  });

  it('that is not there yet, or empty, is missing until it is written', async () => {
    const { current, issues } = currentOf({ passwordFile: path });
    expect([issues, current.files, current.missing]).toEqual([
      [],
      [path],
      [`the password file ${path} is not there yet, or empty`],
    ]);
    for (const text of ['', '\n']) {
      writeFileSync(path, text);
      expect(current.reread()).toEqual({ changed: false, problems: [] });
    }
    writeFileSync(path, 'at last\n');
    expect(current.reread()).toEqual({ changed: true, problems: [] });
    expect([current.missing, await current.read('redis', 'login', signal)]).toEqual([[], 'at last']);
    writeFileSync(path, '');
    expect(current.reread().problems).toEqual([expect.stringContaining('is empty, so the previous password stays')]);
  });
});

it.each([
  ['/run/secrets/password', true],
  ['./password', true],
  ['C:\\secrets\\password', true],
  ['password.txt', true],
  ['certs/ca.pem', true],
  ['hunter2-TOPSECRET', false],
  ['eyJhbGciOi.eyJzdWIiOiIxMjM0NTY3ODkw.SflKxwRJSMeKKF2QT4', false],
  [`/${'x'.repeat(400)}`, false],
])('shows the path %s: %s', (given, isShown) => {
  expect(shownPath(given)).toBe(isShown ? given : '(hidden)');
});
