import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { ConfigError, RegistryUnavailableError } from '../../../src/core/errors.js';
import { deserializeError, serializeError } from '../../../src/core/error-serialization.js';
import { presented } from '../../../src/core/presented.js';
import { rememberSecret } from '../../../src/core/secrets.js';

const secret = 'hunter2-TOPSECRET';
rememberSecret(secret);
const all = (value: unknown) => inspect(value, { depth: Infinity, showHidden: true });

it('gives what needs no change as it is', () => {
  const payload = { error: new RegistryUnavailableError('down', { cause: new Error('why') }), list: ['a', { b: 1 }] };
  expect(presented(payload)).toBe(payload);
});

it('hides secrets and control characters at any depth, and keeps what programs compare', () => {
  const payload = {
    message: `with ${secret}`,
    list: [{ output: '\u001b[2J' }],
    name: secret,
    instance: { id: secret },
  };
  expect(presented(payload)).toEqual({
    message: 'with (hidden)',
    list: [{ output: '\\u{1b}[2J' }],
    name: secret,
    instance: { id: secret },
  });
  expect(payload.message).toBe(`with ${secret}`);
});

it('takes secrets out of causes, of whatever kind, also in a circle', () => {
  const inner = Object.assign(new TypeError(`inner ${secret}`), { code: 'ERR_X', rawPacket: Buffer.from(secret) });
  const cause = new AggregateError([inner], 'outer', { cause: inner });
  inner.cause = cause;
  const error = new RegistryUnavailableError(`failed with ${secret}`, { cause });
  expect(all(error)).not.toMatch(/TOPSECRET|68 75 6e/);
  expect(error.message).toBe('failed with (hidden)');
  expect(error.cause).toBeInstanceOf(AggregateError);
  expect((error.cause as AggregateError).errors[0]).toMatchObject({
    name: 'TypeError',
    message: 'inner (hidden)',
    code: 'ERR_X',
  });
  expect((error.cause as AggregateError).errors[0]).toBeInstanceOf(TypeError);
  expect((error.cause as AggregateError).cause).toBe((error.cause as AggregateError).errors[0]);
});

it('hides an object of a class in which a secret is, and no other', () => {
  class Request {
    readonly header: string;
    constructor(header: string) {
      this.header = header;
    }
  }
  const clean = new Request('fine');
  const cause = Object.assign(new Error('refused'), { dirty: new Request(secret), clean });
  expect(new RegistryUnavailableError('x', { cause }).cause).toMatchObject({ dirty: '(hidden)' });
  expect((new RegistryUnavailableError('x', { cause }).cause as { clean: unknown }).clean).toBe(clean);
});

it('copies an error whose class has getters', () => {
  const thrown = new DOMException(`aborted with ${secret}`, 'AbortError');
  expect(presented(thrown)).toMatchObject({ name: 'AbortError', message: 'aborted with (hidden)' });
});

it('does not quote a text that is not JSON, since it may have part of a secret', () => {
  for (const text of [secret.slice(0, 9), `{"a": ${secret.slice(0, 9)}, "b": 1234567890}`]) {
    let cause: unknown;
    try {
      JSON.parse(text);
    } catch (error) {
      cause = error;
    }
    expect(all(cause)).toContain('hunt');
    const error = new RegistryUnavailableError('x', { cause });
    expect(all(error)).not.toContain('hunt');
    expect(error.cause).toBeInstanceOf(SyntaxError);
  }
});

it('leaves no secret in what goes to another thread', () => {
  const thrown = new Error(`out ${secret}`, { cause: new Error(`in ${secret}`) });
  const posted = serializeError(thrown);
  expect(JSON.stringify(posted)).not.toContain(secret);
  expect(deserializeError(posted).message).toBe('out (hidden)');
});

it('lets a ConfigError show neither URLs nor what objects hold', () => {
  const given = ['http://a?token=x1y2z3', 'user:x1y2z3@a', { token: 'x1y2z3' }, ['x1y2z3'], secret, 5, undefined];
  const error = new ConfigError(given.map((value, index) => ({ field: `f${index}`, value, allowed: 'another' })));
  expect(all(error)).not.toMatch(/x1y2z3|TOPSECRET/);
  expect(error.issues.map(({ value }) => value)).toEqual([
    '(hidden)',
    '(hidden)',
    'an object',
    'an array',
    '(hidden)',
    5,
    undefined,
  ]);
});
