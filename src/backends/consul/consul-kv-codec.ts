import { readJsonText } from '../../config/source-text.js';
import type { SourceReading } from '../../contracts/config-source.js';
import { readTags } from '../../config/tag-list.js';

type Content = Pick<SourceReading, 'values' | 'problem'>;

interface Pair {
  readonly Key: string;
  /** Base64; null for a key without a value. */
  readonly Value: string | null;
}

/**
 * Decodes the answer of `kv/<key>?recurse`: either the JSON at the key itself, or the keys below it. Ignores folders,
 * and keys that merely begin with the same text. Throws on a shape that is not Consul's.
 */
export function decodeKv(key: string, answer: unknown): Content {
  if (!Array.isArray(answer)) throw new TypeError('it is not a list');
  const pairs = (answer as readonly Pair[]).map(
    ({ Key, Value }) => [Key, Buffer.from(Value ?? '', 'base64').toString()] as const,
  );
  const whole = pairs.find(([path]) => path === key)?.[1] ?? '';
  const below = pairs.flatMap(([path, text]) =>
    path.startsWith(`${key}/`) && !path.endsWith('/') ? [[path.slice(key.length + 1), text] as const] : [],
  );
  if (whole.trim() === '') return below.length === 0 ? {} : fromPairs(below);
  return below.length === 0
    ? readJsonText(whole)
    : { problem: `both ${key} and keys below it are set: use one or the other` };
}

function fromPairs(pairs: readonly (readonly [path: string, text: string])[]): Content {
  const values: [string, unknown][] = [];
  const groups: Record<'meta' | 'weights', [string, unknown][]> = { meta: [], weights: [] };
  let problem: string | undefined;
  for (const [path, raw] of pairs) {
    // Editors and shells end a text with a line break.
    const text = raw.replace(/\r?\n$/, '');
    if (path.startsWith('meta/')) {
      groups.meta.push([path.slice('meta/'.length), text]);
    } else if (path.startsWith('weights/')) {
      groups.weights.push([path.slice('weights/'.length), asNumber(text)]);
    } else if (path === 'tags') {
      const tags = decodeTags(text);
      if (tags.problem !== undefined) problem = `tags: ${tags.problem}`;
      values.push(['tags', tags.values]);
    } else {
      // An unknown key: the check of the values rejects it by name.
      values.push([path, null]);
    }
  }
  if (problem !== undefined) return { problem };
  const filled = Object.entries(groups).filter(([, entries]) => entries.length > 0);
  return {
    values: Object.fromEntries([
      ...values,
      ...filled.map(([group, entries]) => [group, Object.fromEntries(entries)]),
    ]) as unknown,
  };
}

function decodeTags(text: string): Content {
  return text.trimStart().startsWith('[') ? readJsonText(text) : { values: readTags(text) };
}

/** Digits become a number. Any other text stays as it is, so that the check rejects it as written. */
function asNumber(text: string): unknown {
  return /^\d+$/.test(text.trim()) ? Number(text) : text;
}
