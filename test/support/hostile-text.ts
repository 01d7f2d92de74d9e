import fc from 'fast-check';

/** Pieces that mean something to a path, a header, a query, JSON, a log, a terminal, a prototype, a template or a shell. */
const pieces = [
  '/', '//', '\\', '.', '..', '../', '%', '%2f', '%2F', '%252f', '%2e%2e', '%00', '?', '#', '&', '=', ';', ':', ':ttl', '+', ' ', '\t',
  '\r', '\n', '\r\n', '\0', '\x7f', '\u0085', '\u2028', '\u2029', '\u202e', '\u2066', '\u200f', '\u200d', '\ufeff', '\ufffd', '\ud800', '\udfff', '\ud83d\ude00',
  '__proto__', 'constructor', 'prototype', 'toString', 'rollcall_nonce', '{{', '}}', '{{host}}', '{{env.NONE}}', '{{env.NONE|x}}', '${x}', '"', "'", '`', '<', '*', ',', '|',
  ' HTTP/1.1', 'X-Consul-Token: x', 'v1/agent/service/deregister/orders', 'ns=other', 'a', 'Z', '7', '-', '_', 'orders', 'é', 'e\u0301', '注文', 'ß', 'x'.repeat(127), 'é'.repeat(260),
];

/** Texts that try to be something else than a name. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((each) => each.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 300 }) },
);

/** Of 10 MB each: what a rule that looks twice at every character would take hours for. */
export const hugeTexts: readonly string[] = ['a', '/', '../', '%2f', '-', '{{', '{{env.A', '\u202e', '\ud800', '\r\n', ' ', 'é', '1.'].map((piece) => piece.repeat(Math.ceil(10_000_000 / piece.length)));
