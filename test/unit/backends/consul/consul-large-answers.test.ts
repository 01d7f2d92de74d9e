import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnswerDiffs } from '../../../../src/backends/consul/consul-answer-diff.js';
import type { ChangedInstance, DiffReply, DiffRequest } from '../../../../src/backends/consul/consul-answer-diff.js';
import { LargeAnswers } from '../../../../src/backends/consul/consul-large-answers.js';
import { ThreadCalls } from '../../../../src/core/thread-calls.js';
import type { StartThread, ThreadAnswer, ThreadCall } from '../../../../src/core/thread-calls.js';

const { signal } = new AbortController();

let answers: LargeAnswers;
let asked: DiffRequest[];
let replies: (DiffReply | undefined)[];
let endThread: (error: Error) => void;
let close: () => void;

/** The real two sides with a channel between, as between threads. */
const start: StartThread<DiffRequest, DiffReply> = (answered, ended) => {
  const { port1, port2 } = new MessageChannel();
  const diffs = new AnswerDiffs();
  port2.on('message', ({ number, request }: ThreadCall<DiffRequest>) => {
    if (request === undefined) port2.postMessage({ number });
    else void diffs.answer(request).then((reply) => port2.postMessage({ number, reply }));
    if (request !== undefined) asked.push(request);
  });
  port1.on('message', (answer: ThreadAnswer<DiffReply>) => {
    if (answer.reply !== undefined) replies.push(answer.reply);
    answered(answer);
  });
  close = () => port1.close();
  endThread = ended;
  return Promise.resolve({ post: (call, transfer) => port1.postMessage(call, [...transfer]) });
};

beforeEach(() => {
  asked = [];
  replies = [];
  answers = new LargeAnswers(new ThreadCalls(start));
});
afterEach(() => close());

const entry = (at: number, index = 1, status = 'passing', output = '') => ({
  Node: { Node: 'n', Address: '10.0.0.1', ModifyIndex: 1 },
  Service: { ID: `orders-${at}`, Service: 'orders', Port: 3000, Tags: ['v1'], Meta: {}, ModifyIndex: 1 },
  Checks: [{ CheckID: `c-${at}`, Status: status, Output: output, ModifyIndex: index }],
});
const list = (count: number) => Array.from({ length: count }, (_, at) => entry(at));
const take = (entries: unknown, known?: Parameters<LargeAnswers['take']>[0]['known']) =>
  answers.take(
    { bytes: Buffer.from(JSON.stringify(entries)), known, longest: 1_000_000, mostInstances: 1_000 },
    signal,
  );
const pages = () =>
  replies.flatMap((reply) =>
    reply !== undefined && 'changed' in reply
      ? [{ ...reply, changed: JSON.parse(reply.changed) as readonly ChangedInstance[] }]
      : [],
  );

describe('a large answer', () => {
  it('comes in pages of a hundred at most, the first time whole', async () => {
    const taken = await take(list(450));
    expect(taken?.instances.map(({ id }) => id)).toEqual(list(450).map(({ Service }) => Service.ID));
    expect(taken?.instances[7]).toEqual({
      name: 'orders',
      id: 'orders-7',
      address: '10.0.0.1',
      port: 3000,
      tags: ['v1'],
      meta: {},
      status: 'passing',
    });
    expect(pages().map(({ changed }) => changed.length)).toEqual([100, 100, 100, 100, 50]);
    expect(taken?.costMs).toBeGreaterThan(0);
  });

  it('comes as differences the next time, and what is unchanged stays the same object', async () => {
    const first = await take(list(300));
    replies = [];
    const changed = [...list(300).slice(1), entry(500)];
    changed[4] = entry(5, 2, 'critical');
    const second = await take(changed, first?.instances);
    const [page] = pages();
    expect(page?.changed.map(([, { id, status }]) => `${id} ${status}`)).toEqual([
      'orders-5 critical',
      'orders-500 passing',
    ]);
    expect([page?.removed.length, page?.isLast]).toEqual([1, true]);
    const before = new Map(first?.instances.map((instance) => [instance.id, instance]));
    expect(second?.instances).toHaveLength(300);
    expect(second?.instances.filter((instance) => before.get(instance.id) !== instance).map(({ id }) => id)).toEqual([
      'orders-5',
      'orders-500',
    ]);
  });

  it('is the same array where nothing changed that readers see', async () => {
    const first = await take(list(3));
    const again = await take([entry(0, 9, 'passing', 'another output'), entry(1), entry(2)], first?.instances);
    expect(again?.instances).toBe(first?.instances);
    expect(pages().at(-1)?.changed).toEqual([]);
  });

  it('is compared whole where entries have no index', async () => {
    const bare = (status: string) => ({ ...entry(0), Checks: [{ CheckID: 'c', Status: status }] });
    const first = await take([bare('passing')]);
    expect((await take([bare('passing')], first?.instances))?.instances).toBe(first?.instances);
    expect((await take([bare('critical')], first?.instances))?.instances[0]?.status).toBe('critical');
  });

  it('tells apart instances of two nodes with the same id', async () => {
    const other = { ...entry(0), Node: { Node: 'm', Address: '10.0.0.2', ModifyIndex: 1 } };
    expect((await take([entry(0), other]))?.instances.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it.each([
    ['is no list', { a: 1 }, 'it is not a list'],
    ['has too many instances', list(1_001), 'more than 1000'],
  ])('is refused if it %s', async (_what, entries, words) => {
    await expect(take(entries)).rejects.toThrow(words);
    await expect(take(entries)).rejects.toBeInstanceOf(TypeError);
  });

  it('is refused without a quote if it is not JSON', async () => {
    const bytes = Buffer.from('[secret');
    const taken = answers.take({ bytes, known: undefined, longest: 1_000, mostInstances: 1 }, signal);
    await expect(taken).rejects.toBeInstanceOf(SyntaxError);
    await expect(taken).rejects.not.toThrow('secret');
  });

  it('is read anew after one that was aborted in the middle', async () => {
    const first = await take(list(150));
    const controller = new AbortController();
    const bytes = Buffer.from(JSON.stringify(list(2)));
    const aborted = answers.take(
      { bytes, known: first?.instances, longest: 1_000_000, mostInstances: 1_000 },
      controller.signal,
    );
    controller.abort(new Error('closed'));
    await expect(aborted).rejects.toThrow('closed');
    expect((await take(list(3), first?.instances))?.instances).toHaveLength(3);
  });

  it('rejects when the thread ends, and has no thread from then on', async () => {
    await take(list(1));
    const pending = take(list(2));
    await new Promise((resolve) => setImmediate(resolve));
    endThread(new Error('out of memory'));
    await expect(pending).rejects.toThrow('out of memory');
    await expect(take(list(2))).resolves.toBeUndefined();
  });
});

it('tells the thread to forget a list that could not be taken', async () => {
  await take({ a: 1 }).catch(() => undefined);
  await take(list(1));
  expect(asked.map(({ kind, list: number }) => `${kind} ${number}`)).toEqual(['compare 1', 'forget 1', 'compare 2']);
});

it('keeps apart what leaves and what takes its slot, over many answers', async () => {
  let known: Awaited<ReturnType<typeof take>>;
  for (let round = 0; round < 20; round += 1) {
    const entries = Array.from({ length: 10 }, (_, at) => entry(round * 5 + at));
    known = await take(entries, known?.instances);
    const found = known?.instances.map(({ id }) => id).sort();
    expect(found).toEqual(entries.map(({ Service }) => Service.ID).sort());
  }
});
