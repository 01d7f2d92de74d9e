import { expect, it } from 'vitest';
import * as scripts from '../../../../src/backends/redis/redis-scripts.js';

const texts = Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === 'string');

it.each(texts)('%s has no flags: with them, Redis refuses a removal while it is out of memory', (_name, script) => {
  expect(script).toMatch(/redis\.call/);
  expect(script).not.toContain('#!');
});

it.each(['SWAP', 'EXTEND', 'REMOVE'] as const)('%s compares before it writes', (name) => {
  const script = scripts[name];
  expect(script.indexOf('version ~= ARGV[1]')).toBeLessThan(script.search(/SADD|PEXPIRE|DEL/));
});
