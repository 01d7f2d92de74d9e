import { expect, it } from 'vitest';
import { readTags } from '../../../src/config/tag-list.js';

it('splits at commas, without whitespace and empty ones', () => {
  expect(readTags(' v1, ,canary ,')).toEqual(['v1', 'canary']);
  expect(readTags('[blue],[green]')).toEqual(['[blue]', '[green]']);
});

it('reads a JSON array as one', () => {
  expect(readTags('["v1", "a, b"]')).toEqual(['v1', 'a, b']);
  expect(readTags(' [ ] ')).toEqual([]);
  expect(readTags('["v1", 2]')).toEqual(['v1', 2]);
});

it('leaves an array that is broken to the check', () => {
  expect(readTags('["v1",')).toBe('["v1",');
});
