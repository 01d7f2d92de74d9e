import { expect, it } from 'vitest';
import { resolveInstance } from '../../../src/discovery/resolve-instance.js';
import { decodeSnapshot, encodeSnapshot } from '../../../src/discovery/snapshot-codec.js';
import { listed } from './scripted-discovery.js';

const key = { registry: 'consul 127.0.0.1:8500', service: 'orders', datacenter: undefined };
const instances = listed('a', 'käse').map((read) => resolveInstance({ ...read, datacenter: 'dc1' }));
const text = encodeSnapshot(key, 1_700_000_000_000, instances);
const bytes = Buffer.from(text);

it('reads what it wrote, and derives the origin anew', () => {
  expect(decodeSnapshot(key, bytes)).toEqual({ savedAt: 1_700_000_000_000, instances });
  expect(text).not.toContain('origin');
});

it.each([
  ['another service', { ...key, service: 'billing' }],
  ['another registry', { ...key, registry: 'consul 10.0.0.1:8500' }],
  ['another datacenter', { ...key, datacenter: 'dc2' }],
])('does not take it for that of %s', (_what, other) => {
  expect(decodeSnapshot(other, bytes)).toBeUndefined();
});

it('refuses every single bit that is not as it was written', () => {
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    expect(decodeSnapshot(key, damaged), `bit ${bit}`).toBeUndefined();
  }
});

it('refuses every beginning of it, and more than it', () => {
  for (let length = 0; length < bytes.length; length += 1)
    expect(decodeSnapshot(key, bytes.subarray(0, length))).toBeUndefined();
  expect(decodeSnapshot(key, Buffer.concat([bytes, Buffer.from(' ')]))).toBeUndefined();
});

it('refuses another version, and a body that is none although its checksum is right', () => {
  expect(decodeSnapshot(key, Buffer.from(text.replace('snapshot 1', 'snapshot 2')))).toBeUndefined();
  const strange = [{ id: 'a' }] as unknown as typeof instances;
  expect(decodeSnapshot(key, Buffer.from(encodeSnapshot(key, 1, strange)))).toBeUndefined();
  expect(decodeSnapshot(key, Buffer.from(encodeSnapshot(key, 'now' as unknown as number, [])))).toBeUndefined();
});
