import { execFile, execFileSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPosix } from '../../support/posix.js';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const tsx = import.meta.resolve('tsx');
const dns = 'DNS cannot carry it: only letters, digits and inner dashes, at most 63';
const form = 'not of the form {env}-{domain}-{service}-{version}';

interface Ended {
  readonly status: number;
  readonly out: readonly string[];
  readonly err: string;
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-lint-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the program in the folder of this test. */
function rollcall(...words: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', tsx, main, ...words],
      { cwd: folder },
      (_error, stdout, stderr) => {
        resolve({ status: child.exitCode ?? -1, out: stdout.split('\n').filter((line) => line !== ''), err: stderr });
      },
    );
  });
}

async function lint(files: Readonly<Record<string, string>>, ...words: string[]): Promise<Ended> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return rollcall('lint', ...words);
}

describe('rollcall lint', () => {
  it('says nothing of names that are right', async () => {
    expect(await lint({}, 'orders', 'Payments-2')).toEqual({ status: 0, out: [], err: '' });
    expect(await lint({}, '--strict', 'prod-payment-user-service-v1')).toEqual({ status: 0, out: [], err: '' });
  });

  it('prints a line for each problem, with the name that is right', async () => {
    const { status, out } = await lint({}, 'orders', 'order_service', 'a'.repeat(64));
    expect({ status, out }).toEqual({
      status: 1,
      out: [`order_service: ${dns} (try: order-service)`, `${'a'.repeat(64)}: ${dns} (try: ${'a'.repeat(63)})`],
    });
  });

  it('asks for the convention when it is to be strict', async () => {
    expect((await lint({}, 'orders', '--strict')).out).toEqual([`orders: ${form} (try: {env}-{domain}-orders-v1)`]);
  });

  it('reads package.json: what is meant for us, else its own name without the scope', async () => {
    const files = {
      'own.json': '{ "name": "a_b", "rollcall": { "name": "c_d" } }',
      'package.json': '{ "name": "@shop/order_service" }',
      'fine.json': '{ "name": "@shop/orders" }',
    };
    expect((await lint(files, 'own.json', 'package.json', 'fine.json')).out).toEqual([
      `own.json: c_d: ${dns} (try: c-d)`,
      `package.json: order_service: ${dns} (try: order-service)`,
    ]);
  });

  it('reads the services of a compose file: in maps, lists and merged keys', async () => {
    const compose = `
x-service: &service
  environment: &env { SERVICE_NAME: merged_1 }
services:
  consul_: { image: consul }
  one: { environment: { SERVICE_NAME: a_b } }
  two: { environment: [ "PORT=1", "SERVICE_NAME=c_d=e" ] }
  three: { <<: *service }
  four: { environment: { SERVICE_NAME: "\${NAME:-f_g}" } }
  five: { environment: { SERVICE_NAME: "\${NAME}" } }
  six: { environment: [ SERVICE_NAME ] }
`;
    expect(
      (await lint({ 'docker-compose.prod.yml': compose }, 'docker-compose.prod.yml')).out.map(
        (line) => line.split(': ')[1],
      ),
    ).toEqual(['a_b', 'c_d=e', 'merged_1', 'f_g']);
  });

  it('takes the keys of a compose file in which no service has a name', async () => {
    expect(
      (
        await lint(
          { 'compose.yaml': 'services: { order_service: {}, payments: { environment: [PORT=1] } }' },
          'compose.yaml',
        )
      ).out,
    ).toEqual([`compose.yaml: order_service: ${dns} (try: order-service)`]);
  });

  it('reads env files', async () => {
    const files = {
      '.env': '# ours\nSERVICE_NAME="order_service"\n',
      '.env.prod': 'export SERVICE_NAME=a.b\n',
      'x.env': 'PORT=1',
    };
    const { status, out } = await lint(files, '.env', '.env.prod', 'x.env');
    expect({ status, out }).toEqual({
      status: 1,
      out: [`.env: order_service: ${dns} (try: order-service)`, `.env.prod: a.b: ${dns} (try: a-b)`],
    });
  });

  it('takes package.json and compose files of the current folder when it is given nothing', async () => {
    const files = {
      'package.json': '{ "name": "a_b" }',
      'compose.override.yml': 'services: { c_d: {} }',
      'other.yml': 'services: { e_f: {} }',
    };
    expect((await lint(files)).out.map((line) => line.split(': ').slice(0, 2))).toEqual([
      ['compose.override.yml', 'c_d'],
      ['package.json', 'a_b'],
    ]);
  });

  it('keeps a problem on one line, whatever the name', async () => {
    const { status, out } = await lint({ 'package.json': JSON.stringify({ name: 'a\r\n::error::b\u202e\ud800' }) });
    expect({ status, out }).toEqual({
      status: 1,
      out: [`package.json: a\\u{d}\\u{a}::error::b\\u{202e}\\u{d800}: ${dns} (try: a-error-b)`],
    });
    expect((await lint({ 'package.json': '{ "name": "" }' })).out).toEqual([`package.json: "": ${dns} (try: service)`]);
  });

  it.each([
    ['a file that is not there', {}, ['none.json'], 'none.json: cannot be read'],
    ['a file that is not what it seems', { 'a.json': '{' }, ['a.json'], 'a.json: cannot be read'],
    ['YAML that is none', { 'compose.yml': 'a: [' }, [], 'compose.yml: cannot be read'],
    ['files without a name', { 'package.json': '{}', 'compose.yml': '- a' }, [], 'no name to check'],
    ['an empty folder', {}, [], 'no name to check'],
    ['an option that it does not have', {}, ['--strcit'], '--strcit'],
  ])('ends with 2 for %s', async (_what, files, words, message) => {
    const { status, out, err } = await lint(files, ...words);
    expect({ status, out }).toEqual({ status: 2, out: [] });
    expect(err).toContain(message);
  });

  it('still tells what it found beside a file that cannot be read', async () => {
    const { status, out, err } = await lint({}, 'a_b', 'none.json');
    expect({ status, out: out.length }).toEqual({ status: 2, out: 1 });
    expect(err).toMatch(/^none\.json: cannot be read: .*\n$/);
  });
});

describe('rollcall', () => {
  it('says how it is used when it is asked', async () => {
    for (const words of [['--help'], ['lint', '--help']]) {
      const { status, out, err } = await rollcall(...words);
      expect({ status, err }).toEqual({ status: 0, err: '' });
      expect(out.join('\n')).toContain('rollcall lint [--strict] [names or files...]');
    }
  });

  it.each([[[]], [['lnit']], [['constructor']]])(
    'says so, and ends with 2, for a command that it does not have: %j',
    async (words) => {
      const { status, out, err } = await rollcall(...words);
      expect({ status, out }).toEqual({ status: 2, out: [] });
      expect(err).toContain('Usage: rollcall <command>');
    },
  );

  // Windows has no named pipes of this kind, and ends a process for each signal.
  if (isPosix) {
    /** The program while it waits for the other end of a pipe that it is to check. */
    async function waitingForPipe(): Promise<{ child: ChildProcess; pipe: FileHandle }> {
      const path = join(folder, 'pipe.env');
      execFileSync('mkfifo', [path]);
      const child = execFile(process.execPath, ['--import', tsx, main, 'lint', path]);
      // Resolves when the program has opened the pipe too.
      return { child, pipe: await open(path, 'w') };
    }

    it.each(['SIGINT', 'SIGTERM'] as const)(
      'lets a command end, then ends by the signal that came: %s',
      async (name) => {
        const { child, pipe } = await waitingForPipe();
        const closed = once(child, 'close');
        const printed: string[] = [];
        child.stdout?.on('data', (text: string) => printed.push(text));
        child.kill(name);
        await pipe.write('SERVICE_NAME=order_service\n');
        await pipe.close();
        expect(await closed).toEqual([null, name]);
        expect(printed.join('')).toContain('order-service');
      },
    );

    it('ends at once by a second signal', async () => {
      const { child, pipe } = await waitingForPipe();
      const exited = once(child, 'exit');
      const timer = setInterval(() => child.kill('SIGINT'), 50);
      expect(await exited).toEqual([null, 'SIGINT']);
      clearInterval(timer);
      await pipe.close();
    });
  }
});
