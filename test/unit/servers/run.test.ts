import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runToEnd } from '../../servers/run-to-end.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let empty: string;
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'rollcall-servers-'));
});
afterAll(() => rm(empty, { recursive: true }));

/** On a machine that has none of the servers, and neither Go nor pip. */
const testServers = (...words: string[]) =>
  runToEnd(process.execPath, ['--import', 'tsx', 'test/servers/run.ts', ...words], {
    cwd: root,
    env: { ROLLCALL_SERVERS: empty, PATH: empty },
  });

describe.concurrent('npm run test:servers', { timeout: 60_000 }, () => {
  it.each([
    ['valkey@9', /^valkey@9 cannot be got: pip \(`python3 -m pip`\) is missing\n$/],
    ['consul@1.14', /^consul@1\.14 cannot be got: Go 1\.26 or later is not on PATH\n$/],
    ['consul@1', /^There is no consul@1\. Usage: .*\n$/],
  ])('says in one line why it cannot run on %s, and ends with 2', async (name, line) => {
    expect(await testServers(name)).toEqual({ code: 2, output: expect.stringMatching(line) });
    expect(await readdir(empty)).toEqual([]);
  });

  it('builds nothing in a quick run: a row says so, and how to', async () => {
    const { code, output } = await testServers('--quick', 'etcd@3.7', 'consul@1.14');
    expect(output.split('\n')).toEqual([
      expect.stringMatching(/^consul@1\.14 +not run +all: no such server in .*`npm run test:servers consul@1\.14`/),
      expect.stringMatching(/^etcd@3\.7 +not run /),
      '',
    ]);
    expect(code).toBe(0);
  });

  it('is red without pip in a quick run, too', async () => {
    expect((await testServers('--quick')).code).toBe(2);
  });
});
