import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LONGEST_ID, LONGEST_NAME } from '../../../src/config/field-rules.js';
import { bootNonce } from '../../../src/instance/boot-nonce.js';
import { defaultId } from '../../../src/instance/default-id.js';

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: LONGEST_NAME });
const port = fc.integer({ min: 1, max: 65_535 });

it('is name, host and port', () => {
  expect(defaultId('orders', 'web1', 8080)).toBe('orders-web1-8080');
});

it('is name and host without a port', () => {
  expect(defaultId('orders', 'web1', undefined)).toBe('orders-web1');
});

it('has a dash for whatever would need escaping in a URL or a file name', () => {
  expect(defaultId('shop/orders v2', 'web:1', 80)).toBe('shop-orders-v2-web-1-80');
});

it('is safe in a URL and as a file name, and never too long, whatever the name and the host', () => {
  fc.assert(
    fc.property(text, text, port, (name, host, number) => {
      const id = defaultId(name.slice(0, LONGEST_NAME), host, number);
      expect(id).toMatch(/^[A-Za-z0-9._-]+$/);
      expect(encodeURIComponent(id)).toBe(id);
      expect(id.length).toBeLessThanOrEqual(LONGEST_ID);
    }),
  );
});

it('is the same for the same slot and another for another port', () => {
  fc.assert(
    fc.property(text, text, port, port, (name, host, one, other) => {
      expect(defaultId(name, host, one) === defaultId(name, host, other)).toBe(one === other);
    }),
  );
});

it('comes with a nonce that tells incarnations apart', () => {
  const nonces = new Set(Array.from({ length: 1_000 }, bootNonce));
  expect(nonces.size).toBe(1_000);
  expect([...nonces].every((nonce) => /^[0-9a-f]{16}$/.test(nonce))).toBe(true);
});
