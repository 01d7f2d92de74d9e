/** Splits a text at commas into tags, without whitespace around them and without empty ones. */
export function splitTags(text: string): string[] {
  return text.split(',').flatMap((tag) => tag.trim() || []);
}
