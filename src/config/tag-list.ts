/**
 * Reads tags from a text: a JSON array, or tags separated by commas, without whitespace around them and without empty
 * ones. Unchecked: an array that is no valid JSON is returned as the text that it is, so that the check rejects it.
 */
export function readTags(text: string): unknown {
  // A tag may begin with a bracket, but hardly with a bracket and a quote.
  return /^\s*\[\s*["\]]/.test(text) ? parsed(text) : text.split(',').flatMap((tag) => tag.trim() || []);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
