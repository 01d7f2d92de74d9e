/** Tags from a text that separates them by commas; blanks around them and empty ones are dropped. */
export function splitTags(text: string): string[] {
  return text.split(',').flatMap((tag) => tag.trim() || []);
}
