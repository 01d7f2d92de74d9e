/** Makes a text safe for a message: one line, invisible characters escaped, at most `longest` characters. */
export function printable(text: string, longest = 80): string {
  const start = text.slice(0, longest + 1).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escape);
  return start.length > longest ? `${start.slice(0, longest - 3)}...` : start;
}

function escape(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
