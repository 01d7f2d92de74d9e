import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { forkService, killForkedServices } from '../support/fork-service.js';
import { takenPortKinds } from './fixtures/taken-port-kinds.js';

const squatter = createServer();

beforeAll(async () => {
  squatter.listen(0, '127.0.0.1');
  await once(squatter, 'listening');
});
afterAll(() => {
  squatter.close();
});
afterEach(killForkedServices);

/** How the host ends, and the words it ends with; the stack below them names our files in one case only. */
async function run(kind: string, mode: 'with' | 'without'): Promise<{ code: number | null; words: string[] }> {
  const { port } = squatter.address() as AddressInfo;
  const host = forkService(new URL('fixtures/taken-port.ts', import.meta.url), { words: [kind, mode, String(port)] });
  const { code } = await host.exit;
  return {
    code,
    words: host.lines.filter((line) => /^\S*Error|^ {2}(code|syscall|address|port):|unhandled/i.test(line)),
  };
}

describe.each(takenPortKinds)('a taken port under %s', (kind) => {
  it("stays the host's own error: the same exit code and words as without us", async () => {
    const [plain, ours] = await Promise.all([run(kind, 'without'), run(kind, 'with')]);
    expect(plain.code).toBe(1);
    expect(plain.words.join('\n')).toContain('EADDRINUSE');
    expect(ours).toEqual(plain);
  });
});
