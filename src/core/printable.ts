import { redact } from './secrets.js';

/**
 * What is read beyond the part that is shown, so that a secret is hidden whole. No part of a secret that is looked for
 * is longer, in any escape.
 */
const ROOM = 4_096;
/** The most of a text that is worth showing anywhere. */
const LONGEST_TEXT = 32_768;
/** What may have to be escaped; halves of a surrogate pair count, though the pair itself does not. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const SUSPECT = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/;

/** Makes a text safe for a message: one line, invisible characters escaped, at most `longest` characters. */
export function printable(text: string, longest = 80): string {
  const start = headOf(text, longest).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escape);
  return start.length > longest ? `${start.slice(0, longest - 3)}...` : start;
}

/** The words of a server's answer, for a message: white space is one blank. */
export function quoted(text: string, longest: number): string {
  return printable(headOf(text, longest).replace(/\s+/g, ' ').trim(), longest);
}

/** Makes a text safe to show: of control characters only line breaks and tabs stay, and secrets are hidden. */
export function presentable(text: string): string {
  const clean = text.length > LONGEST_TEXT ? `${headOf(text, LONGEST_TEXT)}...` : redact(text);
  // Nearly every text has none, which the simple class finds out ten times as fast.
  return SUSPECT.test(clean) ? clean.replace(/[^\P{Cc}\n\t]|[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, escape) : clean;
}

/** The beginning without secrets; what a cut may have left of one is dropped. */
function headOf(text: string, longest: number): string {
  const cut = text.slice(0, longest + 1 + 2 * ROOM);
  const head = redact(cut);
  return cut.length < text.length ? head.slice(0, -ROOM) : head;
}

function escape(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
