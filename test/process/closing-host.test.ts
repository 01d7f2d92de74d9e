import { afterAll, describe, inject, it } from 'vitest';
import type { RegistrarOptions } from 'rollcall';
import { catalogOf, cleanUp, freshName } from '../integration/fixtures/live.js';
import { forkService, killForkedServices } from '../support/fork-service.js';
import type { ForkedService } from '../support/fork-service.js';
import { waitFor } from '../support/wait-for.js';
import { closingKinds } from './fixtures/closing-kinds.js';
import type { ClosingKind } from './fixtures/closing-kinds.js';
import { Traffic } from './fixtures/traffic.js';

const url = inject('consulUrl');
const shutdown = { drain: { min: '500ms', quiet: '400ms', max: '10s' }, timeout: '20s' };
const file = new URL('fixtures/closing-host.ts', import.meta.url);

afterAll(async () => {
  await killForkedServices();
  await cleanUp();
});

interface Load {
  readonly name: string;
  readonly service: ForkedService;
  readonly clients: readonly Traffic[];
}

/** A registered host with a caller that keeps its connection, and one that does not. */
async function underLoad(kind: ClosingKind, options: RegistrarOptions): Promise<Load> {
  const name = freshName(kind);
  const service = forkService(file, { words: [kind, JSON.stringify({ name, ...options }), url] });
  const isPort = (message: unknown): message is { port: number } => typeof message === 'object' && message !== null;
  const { port } = await service.waitForMessage(isPort, 30_000);
  await waitFor(async () => (await catalogOf(url).passing(name)).length === 1, { timeoutMs: 30_000 });
  const clients = [true, false].map((keepAlive) => new Traffic(`http://127.0.0.1:${port}/`, { keepAlive }));
  await waitFor(() => clients.every(({ answers }) => answers.length >= 3));
  return { name, service, clients };
}

describe.concurrent.each(closingKinds)('a host that closes its server itself: %s', (kind) => {
  it('loses no request to its own close, which completes', async ({ expect }) => {
    const { name, service, clients } = await underLoad(kind, { shutdown });
    service.signal('SIGTERM');
    await waitFor(async () => (await catalogOf(url).entries(name)).length === 0);
    // Callers go on for a while, as those do that follow a registry.
    const before = clients.map(({ answers }) => answers.length);
    await waitFor(() => clients.every(({ answers }, i) => answers.length >= before[i]! + 12));
    await Promise.all(clients.map((client) => client.stop()));
    const failed = clients
      .flatMap(({ answers }) => answers)
      .filter((answer) => typeof answer === 'string' || answer.status !== 200);
    expect(failed).toEqual([]);
    await service.waitForMessage((message): message is string => message === 'closed by the host');
    const { code, signal } = await service.exit;
    // Nest and terminus send themselves the signal again.
    expect([0, 'SIGTERM'], service.lines.join('\n')).toContain(code ?? signal);
  });
});

it('without the wait, callers that still know the instance are refused', async () => {
  const { service, clients } = await underLoad('express', { shutdown: { ...shutdown, holdClose: false } });
  service.signal('SIGTERM');
  await waitFor(() => clients.some(({ answers }) => answers.includes('ECONNREFUSED')));
  await Promise.all(clients.map((client) => client.stop()));
});
