import { describe, expect, it } from 'vitest';
import { parseAnswer } from '../../../../src/shutdown/exit/http-answer.js';

const plain = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue';
const chunked = 'HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n';
const trailed = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nz\r\n0\r\nX-Sum: 1\r\nX-End: 2\r\n\r\n';
const empty = 'HTTP/1.1 204 No Content\r\n\r\n';

describe.each([
  ['with a length', plain, { status: 200, text: 'true' }],
  ['in chunks', chunked, { status: 500, text: 'abcde' }],
  ['in chunks with trailers', trailed, { status: 200, text: 'z' }],
  ['without a body', empty, { status: 204, text: '' }],
  ['after an interim one', `HTTP/1.1 100 Continue\r\n\r\n${plain}`, { status: 200, text: 'true' }],
])('an answer %s', (_, text, answer) => {
  it('is found, and the bytes behind it stay', () => {
    const parsed = parseAnswer(Buffer.from(`${text}HTTP/1.1`));
    expect(parsed?.answer).toEqual(answer);
    expect(parsed?.rest.toString()).toBe('HTTP/1.1');
  });

  it('is incomplete until its last byte', () => {
    for (let length = 0; length < text.length; length += 1)
      expect(parseAnswer(Buffer.from(text.slice(0, length))), `${length} bytes`).toBeUndefined();
  });
});

it('after very many interim ones is found', () => {
  const bytes = Buffer.from(`${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100_000)}${plain}`);
  expect(parseAnswer(bytes)?.answer).toEqual({ status: 200, text: 'true' });
});

it('that switches protocols is the last one', () => {
  expect(parseAnswer(Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n'))?.answer.status).toBe(101);
});

it('whose chunks have no size never completes', () => {
  expect(
    parseAnswer(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n')),
  ).toBeUndefined();
});
