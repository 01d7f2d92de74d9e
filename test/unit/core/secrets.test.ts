import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { holdsSecret, redact, rememberSecret } from '../../../src/core/secrets.js';

const secret = 'p@ss/w"o\\rd & ü<>\t+%';
rememberSecret(secret);
const html = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&#62;');

describe('a remembered secret', () => {
  it.each<[string, string]>([
    ['plain', secret],
    ['in JSON', JSON.stringify(secret)],
    ['in JSON of JSON', JSON.stringify(JSON.stringify(secret))],
    ['in the JSON of Go', JSON.stringify(secret).replace(/[&<>]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)],
    ['in a URL', encodeURIComponent(secret)],
    ['in a URL, in lower case', encodeURIComponent(secret).replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())],
    ['in a URL in a URL', encodeURIComponent(encodeURIComponent(secret))],
    ['in a form', new URLSearchParams({ a: secret }).toString()],
    ['in HTML', html(secret)],
    ...['', 'u', 'us', 'usr:'].flatMap((before): [string, string][] => [
      [`in base64 after ${before}`, Buffer.from(`${before}${secret}!`).toString('base64')],
      [`in base64 of URLs after ${before}`, Buffer.from(before + secret).toString('base64url')],
    ]),
  ])('is hidden %s', (_how, text) => {
    expect(holdsSecret(text)).toBe(true);
    const shown = redact(`before ${text} after`);
    expect(shown).toMatch(/^before [\w=":+/\\-]{0,9}\(hidden\)[\w=":!\\-]{0,5} after$/);
  });

  it('leaves other texts as they are', () => {
    const text = 'Consul at http://127.0.0.1:8500 answered register with HTTP 500';
    expect(redact(text)).toBe(text);
  });

  it('is hidden whole where another begins it', () => {
    rememberSecret('prefix-of');
    rememberSecret('prefix-of-another');
    expect(redact('prefix-of-another, prefix-of.')).toBe('(hidden), (hidden).');
  });

  it('is hidden line by line, and long ones in parts', () => {
    const [one, other] = ['MIIEvQIBADANBgkqhkiG9w0', 'BAQEFAASCBKcwggSjAgEAAo'];
    rememberSecret(`-----BEGIN PRIVATE KEY-----\n${one}\n${other}\nab==\n-----END PRIVATE KEY-----\n`);
    expect(redact(`-----BEGIN PRIVATE KEY-----${other} ${one}`)).toBe('-----BEGIN PRIVATE KEY-----(hidden) (hidden)');
    const long = Array.from({ length: 300 }, (_, index) => index.toString(36)).join('');
    rememberSecret(long, 'changing');
    expect(redact(`<${long}>`)).toMatch(/^<(\(hidden\))+>$/);
  });

  it('that is short is hidden where a secret stands, and nowhere else', () => {
    rememberSecret('zq7');
    expect(redact('{"password":"zq7"} token=zq7 Authorization: Bearer zq7 http://me:zq7@there AUTH zq7')).toBe(
      '{"password":"(hidden)"} token=(hidden) Authorization: Bearer (hidden) http://me:(hidden)@there AUTH (hidden)',
    );
    expect(redact('a zq7 of zq7s, token zq70')).toBe('a zq7 of zq7s, token zq70');
  });

  it('is forgotten only when many others of a changing source followed', () => {
    rememberSecret('lasting-secret');
    for (let index = 0; index < 600; index += 1)
      rememberSecret(`changing-${String(index).padStart(3, '0')}-`, 'changing');
    expect(redact('lasting-secret changing-000- changing-599-')).toBe('(hidden) changing-000- (hidden)');
  });

  it('costs little, whatever is looked through', () => {
    rememberSecret('\\\\"\\\\"\\\\');
    const hostile = ['\\'.repeat(10_000), '%25'.repeat(3_000), 'c2VjcmV0'.repeat(1_000), '"\\'.repeat(5_000)];
    const began = performance.now();
    for (const text of hostile) redact(text);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
