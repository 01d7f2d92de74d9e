import { readServiceEnv } from './env.js';
import type { SourceReading } from '../contracts/config-source.js';
import { splitTags } from './tag-list.js';

type Content = Pick<SourceReading, 'values' | 'problem'>;

/** What a JSON text says. The problem names the place only: the text may hold secrets that are not meant for us. */
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

/** What an env file says through `SERVICE_TAGS` and `SERVICE_META_<KEY>`. Its other variables are somebody else's; without any of ours it is empty. */
export function readEnvText(text: string): Content {
  // Not imported: an import of node:util evaluates all that it otherwise loads at first use.
  const { parseEnv } = process.getBuiltinModule('node:util');
  const { tags, meta } = readServiceEnv(parseEnv(text));
  const values = {
    ...(tags !== undefined && { tags: splitTags(tags) }),
    ...(Object.keys(meta).length > 0 && { meta }),
  };
  return Object.keys(values).length > 0 ? { values } : {};
}
