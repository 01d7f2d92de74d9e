import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { redis } from 'rollcall';
import type { Registry } from 'rollcall';
import type { DepartureRequest } from '../../../src/contracts/departure.js';
import { bare, full } from './instances.js';
import { readGolden } from './read-golden.js';

interface GoldenCommand {
  readonly command: string;
  readonly keys: readonly string[];
  /** Of `Golden.scripts`. */
  readonly script?: string;
  /** Objects are JSON on the wire. */
  readonly arguments?: readonly (string | object)[];
}

interface Golden {
  /** The commands in each script: they write the index and the lease. */
  readonly scripts: Readonly<Record<string, readonly string[]>>;
  readonly commands: Readonly<Record<string, readonly GoldenCommand[]>>;
  /** Values of keys, and what they are read as. */
  readonly stored: Readonly<
    Record<string, { readonly value: object; readonly entry: object; readonly listed: readonly object[] }>
  >;
}

const golden = readGolden<Golden>('redis');
const { signal } = new AbortController();
const passing = { status: 'passing', reason: 'ok' } as const;
const critical = { status: 'critical', reason: 'critical: db "käse" failed' } as const;
const hostile = { ...bare, name: 'a{b}%', id: 'x:{y}' };
const key = { name: bare.name, id: bare.id, nonce: bare.nonce };

let sent: object[] = [];
let values = new Map<string, string>();
let ids: string[] = [];
let registry: Registry;

const versionOf = (text: string) => createHash('sha1').update(text).digest('hex');

/** A client of the host's that keeps every command. A script writes the value that it is given, removes it, or reads. */
const client = {
  mGet: async (keys: string[]) => {
    sent.push({ command: 'MGET', keys });
    return keys.map((of) => values.get(of) ?? null);
  },
  sScan: async (of: string, cursor: string, { COUNT }: { COUNT: number }) => {
    sent.push({ command: 'SSCAN', keys: [of], arguments: [cursor, String(COUNT)] });
    return { cursor: '0', members: ids };
  },
  eval: async (script: string, words: { keys: string[]; arguments: string[] }) => {
    sent.push({ command: 'EVAL', ...words, script: script.match(/redis\.p?call\([^)]*\)/g) ?? [] });
    const [of = ''] = words.keys;
    if (words.arguments.length === 0) return versionOf(values.get(of) ?? '') + (values.get(of) ?? '');
    values.set(of, words.arguments[2] ?? '');
    return null;
  },
};

beforeEach(() => {
  [sent, values, ids] = [[], new Map(), [bare.id]];
  registry = redis({ client });
});
afterEach(() => registry.close());

/** Registers, forgets what that sent, and goes on with the receipt. */
async function registered() {
  const registration = await registry.register(bare, passing, signal);
  sent = [];
  return registration;
}

/** Sends what the 'exit' event would. */
async function exits(policy: DepartureRequest['policy']) {
  await registered();
  for (const departure of registry.departures!({ instance: bare, policy, freshMs: 0 }))
    if (departure.kind === 'local') departure.run();
}

const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  'register, every field': () => registry.register(full, passing, signal),
  'register, no optional field': () => registry.register(bare, passing, signal),
  'register, a name and an id to be escaped': () => registry.register(hostile, passing, signal),
  'register, in maintenance': () =>
    registry.register(bare, { status: 'maintenance', reason: 'rollcall: new disks' }, signal),
  'heartbeat, passing': async () => (await registered()).renew(passing, signal),
  'heartbeat, critical': async () => (await registered()).renew(critical, signal),
  'maintenance on': async () => {
    await registered();
    await registry.maintain!(key, 'rollcall: new disks', signal);
  },
  deregister: async () => (await registered()).deregister(signal),
  'remove, of any incarnation': async () => {
    await registered();
    await registry.remove({ name: key.name, id: key.id }, signal);
  },
  'exit, which removes': () => exits('deregister'),
  'exit, which stays critical': () => exits('critical'),
  read: () => registry.read(key, signal),
  'discover, with an id that has no entry': () => registry.discovery!.poll('queue', undefined, signal),
};

it.each(Object.keys(scenarios))('sends the golden bytes: %s', async (name) => {
  await scenarios[name]!();
  const text = (word: string | object) => (typeof word === 'string' ? word : JSON.stringify(word));
  const expected = golden.commands[name]?.map(({ script, arguments: words, ...command }) => ({
    ...command,
    ...(script !== undefined && { script: golden.scripts[script] }),
    ...(words && { arguments: words.map(text) }),
  }));
  expect(sent).toEqual(expected);
});

it('has a scenario for all that is golden', () => {
  expect(Object.keys(golden.commands)).toEqual(Object.keys(scenarios));
});

it.each(Object.entries(golden.stored))('reads back: %s', async (_name, { value, entry, listed }) => {
  values.set('rollcall:{queue}:queue-1', JSON.stringify(value));
  expect(await registry.read(key, signal)).toEqual(entry);
  expect((await registry.discovery!.poll('queue', undefined, signal)).instances).toEqual(listed);
});
