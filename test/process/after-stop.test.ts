import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';

const file = fileURLToPath(new URL('fixtures/after-stop.mjs', import.meta.url));

interface AfterStop {
  readonly tookMs: number;
  readonly seen: readonly string[];
  readonly loaded: number;
  readonly before: readonly string[];
  readonly active: readonly string[];
}

async function afterStop(life: string, agent: string): Promise<AfterStop> {
  const env = { ...process.env, NODE_ENV: 'test', SERVICE_DRAIN: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, [file, life, agent], { env });
  return JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? '{}') as AfterStop;
}

// Test runners complain of an import after the end of a test, and of open sockets.
describe.concurrent('once stop() has resolved, in a test of a user', () => {
  const url = inject('consulUrl');
  it.each([
    ['at once', 'memory'],
    ['registered', 'memory'],
    ['busy', 'memory'],
    ['at once', url],
    ['registered', url],
    ['busy', url],
  ])('nothing loads, runs or stays open (%s, %s), and it was quick', async (life, agent) => {
    const { tookMs, active, before, seen, loaded } = await afterStop(life, agent);
    expect({ seen, loaded, active }).toEqual({ seen: [], loaded: 0, active: before });
    expect(tookMs).toBeLessThan(1_500);
  });
});
