import { expect, it } from 'vitest';
import { parseNames } from '../../servers/parse-names.js';
import { targets } from '../../servers/targets.js';

it('takes all servers without a name, and the named ones otherwise', () => {
  expect(parseNames([])).toEqual({ targets, isQuick: false });
  expect(parseNames(['--quick'])).toEqual({ targets, isQuick: true });
  expect(parseNames(['redis@6', '--quick', 'etcd@3.7'])).toMatchObject({
    targets: [{ name: 'etcd@3.7' }, { name: 'redis@6' }],
    isQuick: true,
  });
});

it.each(['consul@1.17', '--fast', 'etcd'])('refuses %s, and says what there is', (word) => {
  expect(parseNames([word])).toMatch(new RegExp(`There is no ${word}\\. .*consul@1\\.14`));
});
