import { expect, it } from 'vitest';
import { chooseLevel } from '../../../src/discovery/choose-level.js';
import type { LevelFacts } from '../../../src/discovery/choose-level.js';
import { resolveInstance } from '../../../src/discovery/resolve-instance.js';
import type { Picture } from '../../../src/discovery/service-watch.js';

const one = (id: string) => [resolveInstance({ name: 'orders', id, tags: [], meta: {}, status: 'passing' })];
const own = one('own');
const saved = { instances: one('saved'), ageMs: 30_000 };
const others = { instances: one('other'), answeredAt: 9_500 };
const fixed = one('fixed');

const picture = (changes: Partial<Picture> = {}): Picture => ({
  state: 'stale',
  isLeaderless: false,
  instances: undefined,
  answeredAt: undefined,
  others: undefined,
  wasSeen: false,
  doubted: 0,
  datacenter: undefined,
  problem: undefined,
  ...changes,
});
const answered = { instances: own, answeredAt: 4_000 };

it.each<[what: string, facts: Partial<LevelFacts>, source: string, ageMs: number, ids: string[]]>([
  ['it answers', { picture: picture({ ...answered, state: 'live' }) }, 'live', 6_000, ['own']],
  [
    'a live answer is never too old',
    { picture: picture({ ...answered, state: 'live' }), maxAgeMs: 1 },
    'live',
    6_000,
    ['own'],
  ],
  ['it has answered', { picture: picture(answered) }, 'memory', 6_000, ['own']],
  ['memory is too old', { picture: picture(answered), maxAgeMs: 5_999 }, 'static', Infinity, ['fixed']],
  [
    'memory too old, another registry answers',
    { picture: picture({ ...answered, others }), maxAgeMs: 1 },
    'fallback',
    500,
    ['other'],
  ],
  ['it never answered, and something is saved', { picture: picture(), saved }, 'disk', 30_000, ['saved']],
  ['the same while connecting', { picture: picture({ state: 'connecting' }), saved }, 'disk', 30_000, ['saved']],
  ['saved, and another registry answers', { picture: picture({ others }), saved }, 'disk', 30_000, ['saved', 'other']],
  ['what is saved is too old', { picture: picture(), saved, maxAgeMs: 29_999 }, 'static', Infinity, ['fixed']],
  ['another registry answers', { picture: picture({ others }) }, 'fallback', 500, ['other']],
  ['nothing is known', { picture: picture() }, 'static', Infinity, ['fixed']],
  ['nothing at all', { picture: picture(), fixed: undefined }, 'none', Infinity, []],
])('%s', (_what, facts, source, ageMs, ids) => {
  const level = chooseLevel({ picture: picture(), saved: undefined, fixed, maxAgeMs: Infinity, now: 10_000, ...facts });
  expect([level.source, level.ageMs]).toEqual([source, ageMs]);
  expect([...level.instances, ...(level.also ?? [])].map(({ id }) => id)).toEqual(ids);
});
