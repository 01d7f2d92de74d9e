import { expect, it } from 'vitest';
import { rememberSecret } from '../../../src/core/secrets.js';
import { safeLogger } from '../../../src/telemetry/safe-logger.js';

it('writes lines without secrets and control characters, at each level', () => {
  rememberSecret('hunter2-TOPSECRET');
  const lines: unknown[] = [];
  const log = (...line: unknown[]) => lines.push(line);
  const logger = safeLogger({ debug: log, info: log, warn: log, error: log });
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    logger[level]({ err: 'hunter2-TOPSECRET' }, 'a\u001b[31m hunter2-TOPSECRET');
  expect(lines).toEqual(Array.from({ length: 4 }, () => [{ err: '(hidden)' }, 'a\\u{1b}[31m (hidden)']));
});
