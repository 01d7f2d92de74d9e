import { afterEach, describe, expect, it } from 'vitest';
import { forkService, killForkedServices } from '../support/fork-service.js';
import type { ForkedService } from '../support/fork-service.js';
import type { HostKind } from './fixtures/shared-signals-kinds.js';

/** On a busy machine a process takes seconds to come up. */
const PATIENCE_MS = 30_000;

afterEach(killForkedServices);

function line(host: ForkedService, words: string): Promise<string> {
  const isIt = (message: unknown): message is string => typeof message === 'string' && message.includes(words);
  return host.waitForMessage(isIt, PATIENCE_MS);
}

/** A host that has said whom it shares its signals with, and that was sent a SIGTERM then. */
async function signalled(kind: HostKind): Promise<{ host: ForkedService; shared: string }> {
  const host = forkService(new URL('fixtures/shared-signals.ts', import.meta.url), { words: [kind] });
  const shared = await line(host, 'silences this line');
  await line(host, 'registered in memory');
  host.signal('SIGTERM');
  return { host, shared };
}

const lines = ({ messages }: ForkedService, words: string) =>
  messages.filter((message) => typeof message === 'string' && message.includes(words));

describe('a host with a SIGTERM listener of', () => {
  it.each([
    ['close-with-grace', 'SIGTERM and SIGINT also run onSignal: '],
    ['terminus', 'SIGTERM also runs cleanup: '],
    ['nest', 'SIGTERM and SIGINT also run cleanup: '],
  ] as const)('%s is named, ends the process itself, and the stop is whole', async (kind, words) => {
    const { host, shared } = await signalled(kind);
    expect(shared).toContain(words);
    // terminus and Nest send the signal again when they are done, which ends a process whose stop is over.
    const ends = [
      { code: 0, signal: null },
      ...(kind === 'close-with-grace' ? [] : [{ code: null, signal: 'SIGTERM' }]),
    ];
    expect(ends, host.lines.join('\n')).toContainEqual(await host.exit);
    expect(lines(host, 'stopped after')).toHaveLength(1);
    expect(lines(host, 'second signal')).toEqual([]);
  });

  it('OpenTelemetry that exits at once is named by its source, and its exit code stays', async () => {
    const { host, shared } = await signalled('process.exit');
    expect(shared).toMatch(/SIGTERM also runs an anonymous function \(.*Promise\.resolve\(\)/);
    expect(await host.exit).toEqual({ code: 0, signal: null });
  });

  it('its own that runs once and does not exit lives on, and is told what keeps it alive', async () => {
    const { host, shared } = await signalled('lives on');
    expect(shared).toContain('SIGTERM also runs closePool: ');
    await line(host, 'stopped after');
    expect(await line(host, 'still alive 5s after its stop by SIGTERM')).toMatch(/\(.*Timeout.*\)/);
  });
});
