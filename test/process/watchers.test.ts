import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, inject, it } from 'vitest';
import { catalogOf, cleanUp, freshName, later } from '../integration/fixtures/live.js';
import { dieWithUs } from '../support/servers/die-with-us.js';
import { waitFor } from '../support/wait-for.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = (name: string) => `${root}node_modules/.bin/${name}`;

afterAll(cleanUp);

/** The watcher and what it starts, in a process group of their own. */
function start(command: string, words: readonly string[], env: NodeJS.ProcessEnv): { lines: string[] } {
  const child: ChildProcess = spawn(command, words, {
    cwd: root,
    detached: true,
    env: { ...process.env, NODE_ENV: undefined, SERVICE_DRAIN: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} does not start`);
  const callOff = dieWithUs(pid);
  const gone = once(child, 'exit');
  later(async () => {
    process.kill(-pid, 'SIGKILL');
    await gone;
    callOff();
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  return { lines };
}

const watchers: readonly [string, (file: string) => readonly [string, readonly string[]], NodeJS.ProcessEnv, string][] =
  [
    [
      'node --watch',
      (file) => [process.execPath, ['--watch', '--import', 'tsx', file]],
      {},
      'node --watch runs this process',
    ],
    ['tsx watch', (file) => [bin('tsx'), ['watch', file]], { SERVICE_DRAIN: 'off' }, 'SERVICE_DRAIN is off'],
    [
      'nodemon --signal SIGTERM',
      (file) => [
        bin('nodemon'),
        ['--signal', 'SIGTERM', '--watch', dirname(file), '--ext', 'mts', '--exec', 'node --import tsx', file],
      ],
      { SERVICE_DRAIN: 'off' },
      'SERVICE_DRAIN is off',
    ],
  ];

describe.concurrent('a service under development', () => {
  describe.each(watchers)('that %s starts again', (_, command, env, why) => {
    it('leaves without a drain, and its next start is listed alone', async ({ expect }) => {
      const url = inject('consulUrl');
      const name = freshName('watched');
      const folder = mkdtempSync(`${tmpdir()}/watched-`);
      later(() => rmSync(folder, { recursive: true }));
      const file = `${folder}/service.mts`;
      const write = (version: number) =>
        writeFileSync(file, `import '${root}test/process/fixtures/watched.ts';\nconsole.log('version ${version}');\n`);
      write(1);
      const { lines } = start(...command(file), { WATCHED_NAME: name, CONSUL_HTTP_ADDR: new URL(url).host, ...env });
      const registrations = () => lines.filter((line) => line.includes(': registered in consul as ')).length;
      const said = () => lines.join('\n');
      const started = (version: number) =>
        waitFor(() => registrations() === version && said().includes(`version ${version}`), {
          timeoutMs: 40_000,
        }).catch((error: unknown) => {
          throw new Error(`no version ${version}:\n${said()}`, { cause: error });
        });
      await started(1);
      write(2);
      await started(2);
      expect(said()).toContain(`closes without a drain, because ${why}`);
      // 2 s would be the shortest drain.
      expect(said()).toMatch(/: stopped after (\d+ms|1(\.\d)?s)$/m);
      expect(await catalogOf(url).entries(name)).toHaveLength(1);
    });
  });
});
