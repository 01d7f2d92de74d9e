import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { parseSlicedJson, visitSlicedJson } from '../../../src/core/sliced-json.js';

const none = new AbortController().signal;
const long = 'x'.repeat(70_000);
const tooLong = 'x'.repeat(100_001);

async function visited(text: string, within?: string) {
  const found: [key: string | undefined, value: unknown][] = [];
  const options = { longest: 100_000, ...(within !== undefined && { within }) };
  await visitSlicedJson(Buffer.from(text), options, (value, key) => found.push([key, value]), none);
  return found;
}

describe('parseSlicedJson', () => {
  it('agrees with JSON.parse, whatever is long', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.array(fc.constantFrom(long, 'short'), { maxLength: 2 }),
        async (value, texts) => {
          const whole = { a: [value, ...texts, value], b: { c: value, '"\\{': texts }, d: texts };
          const text = JSON.stringify(whole, undefined, 1);
          expect(JSON.stringify(await parseSlicedJson(Buffer.from(text), none), undefined, 1)).toBe(text);
        },
      ),
      { numRuns: 30 },
    );
    const many = JSON.stringify(Array.from({ length: 20_000 }, (_, number) => ({ [`key ${number}`]: number })));
    expect(await parseSlicedJson(Buffer.from(many), none)).toEqual(JSON.parse(many));
  });

  it('gives a key such as __proto__ to nothing but its object', async () => {
    const text = `{"long":"${long}","__proto__":{"polluted":true}}`;
    const value = (await parseSlicedJson(Buffer.from(text), none)) as object;
    expect(Object.keys(value)).toEqual(['long', '__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  const broken = ['[', '[1', '[1,]', '[,1]', '[1,,1]', '[1 2]', '[1]]', '[1][2]', '[}', 'x[1]', '[1]x', '["a]', ''];

  it.each([...broken, '{"a":1,}', '{"a"}', '{1:2}', '{"a":1,,"b":2}'])(
    'rejects %j as JSON.parse does, and quotes nothing of it, also where it is long',
    async (text) => {
      const isList = text.startsWith('[') && text.includes('1');
      const longer = isList ? [text.replace('1', `1,"${long}",2`), text.replace('1', `"${long}"`)] : [];
      for (const each of [text, `${' '.repeat(70_000)}${text}`, ...longer])
        await expect(parseSlicedJson(Buffer.from(each), none)).rejects.toMatchObject({
          name: 'SyntaxError',
          message: expect.not.stringMatching(/["'[\]{}0-9]/) as string,
        });
    },
  );

  it('rejects what is nested without end before JSON.parse sees it', async () => {
    const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
    await expect(parseSlicedJson(Buffer.from(deep), none)).rejects.toThrow('nested too deep');
  });

  it('lets other work go on, and ends with the signal', async () => {
    const bytes = Buffer.from(`[${'{"a":[1,2,3]},'.repeat(400_000)}0]`);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    expect(await parseSlicedJson(bytes, none)).toHaveLength(400_001);
    expect(turns).toBeGreaterThan(3);
    clearInterval(ticking);
    const controller = new AbortController();
    const parsing = parseSlicedJson(bytes, controller.signal);
    setImmediate(() => controller.abort(new Error('deadline')));
    await expect(parsing).rejects.toThrow('deadline');
  });
});

describe('visitSlicedJson', () => {
  const l = JSON.stringify(long);

  it.each([
    ['short', '"s"', 's'],
    ['long', l, long],
  ])('visits elements and members that are %s', async (_what, text, value) => {
    expect(await visited(` [1, "a,]\\"", ${text}, {"b":[2]} ,[] ]\n`)).toEqual(
      [1, 'a,]"', value, { b: [2] }, []].map((each) => [undefined, each]),
    );
    expect(await visited(`{"a":1,"käse\\"" : {"b":[${text}]}}`)).toEqual([
      ['a', 1],
      ['käse"', { b: [value] }],
    ]);
    expect(await visited(`{"h":{"kvs":[0]}, "kvs" : [{"k":1},{"k":${text}}] ,"count":"2"}`, 'kvs')).toEqual([
      ['h', { kvs: [0] }],
      [undefined, { k: 1 }],
      [undefined, { k: value }],
      ['count', '2'],
    ]);
  });

  it('visits nothing in an empty container', async () => {
    for (const text of ['[ ]', '{}', `[${' '.repeat(70_000)}]`]) expect(await visited(text)).toEqual([]);
    expect(await visited('{"kvs":[]}', 'kvs')).toEqual([]);
  });

  it('leaves out what is too long', async () => {
    expect(await visited(`[1,"${tooLong}",2]`)).toEqual([
      [undefined, 1],
      [undefined, 2],
    ]);
    expect(await visited(`{"kvs":["${tooLong}",2],"a":"${tooLong}"}`, 'kvs')).toEqual([[undefined, 2]]);
  });

  const broken = ['1', '"a"', '', '[1', '{"kvs":[1]2}', `{"kvs":[${l}]2}`, `{"kvs":[${l}],}`, '{"kvs":[1]]', '[1]{}'];

  it.each([...broken, `{${l}}`])('rejects what is no JSON, or no list and no object (%#)', async (text) => {
    await expect(visited(text, 'kvs')).rejects.toThrow(SyntaxError);
  });

  it('ends when the visitor throws', async () => {
    const seen: unknown[] = [];
    const visit = (value: unknown) => {
      seen.push(value);
      if (value === 2) throw new TypeError('no 2');
    };
    await expect(visitSlicedJson(Buffer.from('[1,2,3]'), { longest: 9 }, visit, none)).rejects.toThrow('no 2');
    expect(seen).toEqual([1, 2]);
  });

  it.each([
    ['a list', '[%s]', undefined],
    ['the list of a member', '{"a":1,"kvs":[%s]}', 'kvs'],
  ])(
    'leaves the event loop time between visits, however short the elements of %s are',
    async (_what, shape, within) => {
      let now = 0;
      vi.spyOn(systemClock, 'now').mockImplementation(() => (now += 10));
      let [turns, visits, isOver] = [0, 0, false];
      const count = () => {
        turns += 1;
        if (!isOver) setImmediate(count);
      };
      count();
      const text = shape.replace('%s', Array.from({ length: 1_000 }, () => '{}').join(','));
      const options = { longest: 100_000, ...(within !== undefined && { within }) };
      await visitSlicedJson(Buffer.from(text), options, () => (visits += 1), none);
      isOver = true;
      vi.restoreAllMocks();
      expect(visits).toBeGreaterThanOrEqual(1_000);
      expect(turns).toBeGreaterThan(20);
    },
  );
});
