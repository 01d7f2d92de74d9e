import { expect, it } from 'vitest';
import { requestBytes } from '../../../src/net/request-bytes.js';

const request = { method: 'PUT', path: '/v1/x', host: '127.0.0.1:8500', headers: { 'x-consul-token': 'secret' } };

it('has its length, also where it has no body', () => {
  expect(requestBytes(request).toString()).toBe(
    'PUT /v1/x HTTP/1.1\r\nhost: 127.0.0.1:8500\r\nx-consul-token: secret\r\ncontent-length: 0\r\n\r\n',
  );
  expect(requestBytes({ ...request, body: Buffer.from('grün') }).toString()).toMatch(/content-length: 5\r\n\r\ngrün$/);
});

it('takes no header that would begin another one', () => {
  expect(() => requestBytes({ ...request, headers: { 'x-consul-token': 'a\r\nx-evil: b' } })).toThrow(TypeError);
});
