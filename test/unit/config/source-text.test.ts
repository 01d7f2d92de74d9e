import { describe, expect, it } from 'vitest';
import { readEnvText, readJsonText } from '../../../src/config/source-text.js';

describe('a JSON text', () => {
  it('is taken as it is, an empty one as nothing', () => {
    expect(readJsonText('{ "tags": ["a"] }')).toEqual({ values: { tags: ['a'] } });
    expect(readJsonText(' \n')).toEqual({});
  });

  it.each(['{ "password": "hunter2", ', 'hunter2', '{"a":hunter2}', '{"a":"hunter2"'])(
    'is never quoted when it cannot be read: %s',
    (text) => {
      const { problem } = readJsonText(text);
      expect(problem).toMatch(/^it is not valid JSON/);
      expect(problem).not.toMatch(/hunter2|"|{/);
    },
  );
});

describe('an env file', () => {
  it('gives tags and meta, and its other variables stay its own', () => {
    const text =
      '# rendered\nDB_PASSWORD=hunter2\nexport SERVICE_TAGS="a, b ,"\nSERVICE_META_COLOR=\'dark blue\'\nSERVICE_NAME=other\n';
    expect(readEnvText(text)).toEqual({ values: { tags: ['a', 'b'], meta: { color: 'dark blue' } } });
  });

  it('without any variable for us is empty', () => {
    expect(readEnvText('')).toEqual({});
    expect(readEnvText('DB_PASSWORD=hunter2\nSERVICE_TAGS=\n')).toEqual({});
  });
});
