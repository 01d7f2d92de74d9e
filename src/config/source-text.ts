import { readServiceEnv } from './env.js';
import type { SourceReading } from '../contracts/config-source.js';
import { readTags } from './tag-list.js';

type Content = Pick<SourceReading, 'values' | 'problem'>;

/** Parses a JSON text. The problem gives only the position of an error, since the text may hold secrets. */
export function readJsonText(text: string): Content {
  if (text.trim() === '') return {};
  try {
    return { values: JSON.parse(text) as unknown };
  } catch (error) {
    const [, position] = /at position (\d+)/.exec(String(error)) ?? [];
    return {
      problem: position === undefined ? 'it is not valid JSON' : `it is not valid JSON at position ${position}`,
    };
  }
}

/**
 * Reads `SERVICE_TAGS` and `SERVICE_META_<KEY>` from an env file and ignores its other variables. Empty when it sets
 * none of them.
 */
export function readEnvText(text: string): Content {
  // Not imported, since an import of node:util would load parts that Node otherwise loads at first use.
  const { parseEnv } = process.getBuiltinModule('node:util');
  const { tags, meta } = readServiceEnv(parseEnv(text));
  const values = {
    ...(tags !== undefined && { tags: readTags(tags) }),
    ...(Object.keys(meta).length > 0 && { meta }),
  };
  return Object.keys(values).length > 0 ? { values } : {};
}
