import { describe, expect, it, vi } from 'vitest';
import type { ConfigSource } from '../../../src/contracts/config-source.js';
import { RegistryRejectedError } from '../../../src/core/errors.js';
import { ScriptedSource } from '../../support/scripted-source.js';
import { simulatedLife } from '../../support/simulated-life.js';
import type { SimulatedLife } from '../../support/simulated-life.js';

function written({ registry, registrar }: SimulatedLife): object {
  const { tags, meta, weights } = registry.entries.get(registrar.instance?.id ?? '')?.instance ?? {};
  return { tags, meta, ...(weights && { weights }) };
}

const options = { tags: ['from-options'], meta: { zone: 'eu', color: 'blue' } };

async function registeredWith(source: ConfigSource): Promise<SimulatedLife> {
  const life = simulatedLife({ ...options, config: source });
  void life.registrar.start();
  await life.clock.advance(1_000);
  expect(life.registrar.state).toBe('registered');
  return life;
}

it('update() does not look at an environment that has become unusable since the start', async () => {
  const life = simulatedLife({ tags: ['a'] });
  void life.registrar.start();
  await life.clock.advance(1_000);
  vi.stubEnv('SERVICE_PORT', 'abc');
  const updated = life.registrar.update({ tags: ['b'] });
  await life.clock.advance(1_000);
  await updated;
  vi.unstubAllEnvs();
  expect(written(life)).toMatchObject({ tags: ['b'] });
});

describe('before the first registration', () => {
  it('reads the source and lays it over the options: meta pair by pair, tags and weights as a whole', async () => {
    const source = new ScriptedSource({
      tags: ['live'],
      meta: { color: 'green' },
      weights: { passing: 5, warning: 1 },
    });
    const life = await registeredWith(source);
    expect(life.registry.requests.filter(({ verb }) => verb === 'register')).toHaveLength(1);
    expect(written(life)).toEqual({
      tags: ['live'],
      meta: { zone: 'eu', color: 'green' },
      weights: { passing: 5, warning: 1 },
    });
    expect(life.told('configRejected')).toEqual([]);
  });

  it('waits a second for a source that hangs and no longer; what it says later is applied then', async () => {
    const source = new ScriptedSource({ tags: ['live'] });
    source.hung = true;
    const life = simulatedLife({ ...options, config: source });
    void life.registrar.start();
    await life.clock.advance(990);
    expect(life.told('registered')).toEqual([]);
    await life.clock.advance(50);
    expect(life.told('registered')).toHaveLength(1);
    expect(written(life)).toEqual({ tags: ['from-options'], meta: options.meta });
    source.hung = false;
    await life.clock.advance(11_000);
    expect(written(life)).toMatchObject({ tags: ['live'] });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['gives nonsense', () => 'nonsense'],
    ['gives what cannot be compared', () => ({ values: { tags: [1n] } })],
  ])('starts with the options when the source %s', async (_what, poll) => {
    const life = await registeredWith({
      name: 'broken',
      poll: poll as unknown as ConfigSource['poll'],
      close: () => Promise.reject(new Error('broken, too')),
    });
    expect(written(life)).toEqual({ tags: ['from-options'], meta: options.meta });
    expect(life.told('configRejected')).toHaveLength(1);
    const stopped = life.registrar.stop();
    await life.clock.advance(5_000);
    await stopped;
    expect(life.told('stopped')).toMatchObject([{ errors: [] }]);
  });

  it('carries what update() changed before the start', async () => {
    const life = simulatedLife(options);
    await life.registrar.update({ meta: { zone: 'us' } });
    void life.registrar.start();
    await life.clock.advance(100);
    expect(written(life)).toEqual({ tags: ['from-options'], meta: { zone: 'us' } });
  });
});

describe('a change of the source', () => {
  it('reaches the registry within a second and without a critical moment', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    const life = await registeredWith(source);
    const passing: number[] = [];
    life.registry.onChange = () => passing.push(life.registry.passing.length);
    await life.clock.advance(60);
    source.say({ tags: ['v2'] });
    await life.clock.advance(500);
    expect(written(life)).toMatchObject({ tags: ['v2'] });
    expect(passing.length).toBeGreaterThan(0);
    expect(passing.every((count) => count === 1)).toBe(true);
    expect(life.told('updated')).toHaveLength(1);
  });

  it('takes back what it no longer says', async () => {
    const source = new ScriptedSource({ tags: ['live'], meta: { extra: 'yes' }, weights: { passing: 5, warning: 1 } });
    const life = await registeredWith(source);
    source.say({});
    await life.clock.advance(1_000);
    expect(written(life)).toEqual({ tags: ['from-options'], meta: options.meta });
  });

  it('is written once, when whoever makes it in several steps is done', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    const life = await registeredWith(source);
    source.become({ problem: 'half a file' });
    await life.clock.advance(60);
    source.say({ tags: ['v2'] });
    await life.clock.advance(60);
    source.say({ tags: ['v2'], meta: { color: 'red' } });
    await life.clock.advance(1_000);
    expect(written(life)).toEqual({ tags: ['v2'], meta: { zone: 'eu', color: 'red' } });
    expect(life.told('updated')).toHaveLength(1);
    expect(life.told('configRejected')).toEqual([]);
  });

  it('is followed although the changes never end', async () => {
    const source = new ScriptedSource({ tags: ['v0'] });
    const life = await registeredWith(source);
    for (let version = 1; version <= 20; version += 1) {
      source.say({ tags: [`v${version}`] });
      await life.clock.advance(90);
    }
    expect(written(life)).not.toMatchObject({ tags: ['v0'] });
    await life.clock.advance(1_000);
    expect(written(life)).toMatchObject({ tags: ['v20'] });
  });

  it('writes nothing when a poll ends without any news', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    const life = await registeredWith(source);
    source.say({ tags: ['v1'] });
    await life.clock.advance(5_000);
    expect(life.registry.requests.filter(({ verb }) => verb === 'register')).toHaveLength(1);
  });

  it('lies over what update() asks for', async () => {
    const source = new ScriptedSource({ tags: ['live'] });
    const life = await registeredWith(source);
    void life.registrar.update({ tags: ['by hand'], meta: { by: 'hand' } });
    await life.clock.advance(100);
    expect(written(life)).toEqual({ tags: ['live'], meta: { by: 'hand' } });
  });

  it('is not kept back by an older one that waits for the registry', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    const life = await registeredWith(source);
    life.registry.down = true;
    source.say({ tags: ['v2'] });
    await life.clock.advance(2_000);
    source.say({ tags: ['v3'] });
    await life.clock.advance(2_000);
    const tags: unknown[] = [];
    life.registry.onChange = () => tags.push(written(life));
    life.registry.down = false;
    await life.clock.advance(2_000);
    expect(written(life)).toMatchObject({ tags: ['v3'] });
    expect(tags).not.toContainEqual(expect.objectContaining({ tags: ['v2'] }));
  });
});

describe('what cannot be used', () => {
  const tooMany = Object.fromEntries(Array.from({ length: 62 }, (_, i) => [`k${i}`, 'v']));

  it.each([
    ['a bad meta key', { values: { meta: { 'a.b': 'c' } } }, 'meta.a.b'],
    ['too many pairs together with those of the options', { values: { meta: tooMany } }, 'at most 63 pairs'],
    ['a weight of 0', { values: { weights: { passing: 0, warning: 1 } } }, 'weights.passing'],
    ['half of the weights', { values: { weights: { passing: 2 } } }, 'weights.warning'],
    ['a list', { values: ['a'] }, 'an object with any of tags, meta, weights'],
    ['nothing but null', { values: null }, 'an object with any of tags, meta, weights'],
    [
      'a template',
      { values: { meta: { key: '{{env.CONSUL_HTTP_TOKEN}}' } } },
      'texts without templates, which only options may have',
    ],
    ['what its source cannot read', { problem: 'it is not valid JSON' }, 'it is not valid JSON'],
  ])('is told and ignored: %s', async (_what, reading, words) => {
    const source = new ScriptedSource({ tags: ['good'] });
    const life = await registeredWith(source);
    source.become(reading);
    await life.clock.advance(1_000);
    expect(life.told('configRejected')).toEqual([
      { source: 'script', cause: 'invalid', problem: expect.stringContaining(words) as string },
    ]);
    expect(written(life)).toEqual({ tags: ['good'], meta: options.meta });
    expect(life.told('updated')).toEqual([]);
    expect(life.registrar.state).toBe('registered');
  });

  it('is refused by the name of what no source may say, without showing it', async () => {
    const source = new ScriptedSource({ tag: ['x'], name: 'other', password: 'hunter2' });
    const life = await registeredWith(source);
    const [rejected] = life.told('configRejected');
    expect(rejected?.problem).toMatch(/tag: .*did you mean `tags`\?.*name: .*password: /);
    expect(rejected?.problem).not.toContain('hunter2');
    expect(life.registrar.instance?.name).toBe('orders');
  });

  it('is told once a problem, and anew after something good', async () => {
    const source = new ScriptedSource({ tags: ['good'] });
    const life = await registeredWith(source);
    for (const problem of ['one', 'two', 'one', 'two', 'one']) {
      source.become({ problem });
      await life.clock.advance(1_000);
    }
    expect(life.told('configRejected').map(({ problem }) => problem)).toEqual(['one', 'two']);
    source.say({ tags: ['better'] });
    await life.clock.advance(1_000);
    source.become({ problem: 'one' });
    await life.clock.advance(1_000);
    expect(life.told('configRejected').map(({ problem }) => problem)).toEqual(['one', 'two', 'one']);
    expect(written(life)).toMatchObject({ tags: ['better'] });
  });

  it('stands on one line that is not too long', async () => {
    const source = new ScriptedSource();
    const life = await registeredWith(source);
    source.say(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`line\n${i}`, i])));
    await life.clock.advance(1_000);
    const { problem } = life.told('configRejected').at(-1) ?? { problem: '\n' };
    expect(problem).not.toContain('\n');
    expect(problem.length).toBeLessThanOrEqual(1_000);
  });

  it('is told when the source is emptied, and the last good values stay', async () => {
    const source = new ScriptedSource({ tags: ['good'] });
    const life = await registeredWith(source);
    source.say(undefined);
    await life.clock.advance(60_000);
    expect(life.told('configRejected')).toMatchObject([{ cause: 'empty' }]);
    expect(written(life)).toMatchObject({ tags: ['good'] });
  });

  it('may be the registry that refuses: told, and no later change brings it back', async () => {
    const source = new ScriptedSource({ tags: ['good'] });
    const life = await registeredWith(source);
    life.registry.failures.set('register', [new RegistryRejectedError('400: no such tag')]);
    source.say({ tags: ['bad'] });
    await life.clock.advance(1_000);
    expect(life.told('configRejected')).toMatchObject([
      { cause: 'invalid', problem: expect.stringContaining('no such tag') as string },
    ]);
    void life.registrar.update({ meta: { by: 'hand' } });
    await life.clock.advance(1_000);
    expect(written(life)).toEqual({ tags: ['good'], meta: { by: 'hand' } });
    expect(life.registrar.state).toBe('registered');
  });
});

describe('a source in trouble', () => {
  it.each([
    ['nested beyond the stack', () => JSON.parse(`${'['.repeat(30_000)}${']'.repeat(30_000)}`) as unknown],
    [
      'a circle',
      () => {
        const circle: { self?: unknown } = {};
        circle.self = circle;
        return circle;
      },
    ],
  ])('is told in words when its values are %s', async (_what, make) => {
    const source = new ScriptedSource({ tags: ['v1'] });
    const life = await registeredWith(source);
    source.say({ meta: make() });
    await life.clock.advance(10_000);
    expect(life.told('configRejected')).toEqual([
      { source: 'script', cause: 'unreadable', problem: 'its values are nested too deep, or are no JSON' },
    ]);
    expect(written(life)).toMatchObject({ tags: ['v1'] });
  });

  it('is told once an outage, asked again with patience, and followed when it is back', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    const life = await registeredWith(source);
    source.failure = new Error('ECONNREFUSED');
    source.say({ tags: ['v2'] });
    const before = source.polls.length;
    await life.clock.advance(600_000);
    expect(life.told('configRejected')).toEqual([{ source: 'script', cause: 'unreadable', problem: 'ECONNREFUSED' }]);
    expect(source.polls.length - before).toBeLessThan(600);
    // Its history may be another one: it is asked for everything.
    expect(source.polls.slice(before + 1).every((cursor) => cursor === undefined)).toBe(true);
    source.failure = undefined;
    await life.clock.advance(6_000);
    expect(written(life)).toMatchObject({ tags: ['v2'] });
    source.failure = new Error('ECONNREFUSED');
    source.say({ tags: ['v3'] });
    await life.clock.advance(1_000);
    expect(life.told('configRejected')).toHaveLength(2);
  });

  it('does not make it spin when polls that should be held never are', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    source.restless = true;
    const life = await registeredWith(source);
    const before = source.polls.length;
    await life.clock.advance(60_000);
    expect(source.polls.length - before).toBeLessThanOrEqual(241);
  });

  it('is read afresh when a held poll goes unanswered on a dead connection', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    const life = await registeredWith(source);
    source.deaf = true;
    source.say({ tags: ['v2'] });
    await life.clock.advance(50_000);
    expect(written(life)).toMatchObject({ tags: ['v1'] });
    await life.clock.advance(11_000);
    expect(written(life)).toMatchObject({ tags: ['v2'] });
    expect(life.told('configRejected')).toEqual([]);
  });

  it('is asked every two seconds when it cannot wait', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    source.forgetful = true;
    const life = await registeredWith(source);
    const before = source.polls.length;
    await life.clock.advance(60_000);
    expect(source.polls.length - before).toBe(30);
    source.say({ tags: ['v2'] });
    await life.clock.advance(2_200);
    expect(written(life)).toMatchObject({ tags: ['v2'] });
  });
});

describe('the end', () => {
  it.each(['stop', 'leave'] as const)(
    'comes with %s(): the source is closed, no poll is held, and nothing that it says is written',
    async (way) => {
      const source = new ScriptedSource({ tags: ['v1'] });
      const life = await registeredWith(source);
      await life.clock.advance(1_000);
      expect(source.active).toBe(1);
      const ended = life.registrar[way]();
      await life.clock.advance(10_000);
      await ended;
      const { length } = source.polls;
      source.say({ tags: ['v2'] });
      await life.clock.advance(60_000);
      expect({ held: source.active, closed: source.closed, polls: source.polls.length }).toEqual({
        held: 0,
        closed: 1,
        polls: length,
      });
      expect(life.registry.entries.size).toBe(0);
      expect(life.told('configRejected')).toEqual([]);
      if (way === 'stop') expect(life.clock.pending).toBe(0);
    },
  );

  it('comes with a failure that no retry can mend', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    const life = simulatedLife({ config: source });
    life.registry.failures.set('register', [new RegistryRejectedError('400: unknown field')]);
    const started = expect(life.registrar.start()).rejects.toThrow('unknown field');
    await life.clock.advance(1_000);
    await started;
    expect(life.registrar.state).toBe('failed');
    expect({ held: source.active, closed: source.closed }).toEqual({ held: 0, closed: 1 });
  });

  it('waits a second for a source that does not close, and no longer', async () => {
    const source = new ScriptedSource({ tags: ['v1'] });
    source.close = () => new Promise(() => undefined);
    const life = await registeredWith(source);
    void life.registrar.leave();
    await life.clock.advance(1_500);
    expect(life.registry.entries.size).toBe(0);
  });
});
