import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Registrar, consul } from 'rollcall';
import type { RegistrarOptions } from 'rollcall';
import { recordEvents } from '../support/record-events.js';
import type { EventRecord } from '../support/record-events.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { filesOf } from '../support/tls/certificates.js';
import { waitFor } from '../support/wait-for.js';
import { aclsOf } from './fixtures/acls.js';
import { catalogOf, cleanUp, freshName, later, quickStop, registrarOn } from './fixtures/live.js';
import { watchService } from './fixtures/watching.js';

const rulesFor = (name: string) => `service "${name}" { policy = "write" } node_prefix "" { policy = "read" }`;
const frequentBeats = { ttl: '4s', heartbeat: { interval: '1s' } };

let agent: ConsulServer;
beforeAll(async () => {
  agent = await startConsul({ acl: { rememberFor: '1s' } });
  return () => agent.stop();
});
afterEach(cleanUp);

/** A Registrar that has its token from a file, registered. */
async function withTokenFile(
  token: string,
  options: RegistrarOptions,
): Promise<{ registrar: Registrar; events: EventRecord; write: (token: string) => Promise<void> }> {
  const files = await filesOf({ token });
  later(() => files.remove());
  const registry = consul({ endpoints: [agent.url], tokenFile: files.path('token') });
  const registrar = new Registrar({
    registry,
    logger: false,
    shutdown: quickStop,
    port: 4000,
    address: '127.0.0.1',
    ...options,
  });
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  void registrar.start();
  await events.next('registered');
  return { registrar, events, write: (next) => files.write('token', `${next}\n`) };
}

describe('a token file that is replaced', () => {
  it('has the service registered under the new token before the old one dies: no beat missed, no gap, and it can be removed', async () => {
    const name = freshName('rotated');
    const { tokenWith } = aclsOf(agent);
    const catalog = catalogOf(agent.url, agent.token);
    const [first, second] = [await tokenWith(rulesFor(name)), await tokenWith(rulesFor(name))];
    const { registrar, events, write } = await withTokenFile(first.secret, { name, ...frequentBeats });
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    const watching = watchService(catalog, name);
    await write(second.secret);
    expect(await events.next('rotated', 2_000)).toEqual({ holder: 'consul' });
    await first.revoke();
    // What the agent believed of the first token is over.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await events.next('beat');
    expect(await watching.stop()).toEqual(['passing']);
    expect([events.of('beatMissed'), events.of('lost')]).toEqual([[], []]);
    await registrar.stop();
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
    expect(await catalog.entries(name)).toEqual([]);
  });

  it('is rotated through a maintenance of our own too, which can be lifted afterwards', async () => {
    const name = freshName('rotated-maintenance');
    const { tokenWith } = aclsOf(agent);
    const catalog = catalogOf(agent.url, agent.token);
    const [first, second] = [await tokenWith(rulesFor(name)), await tokenWith(rulesFor(name))];
    const { registrar, events, write } = await withTokenFile(first.secret, { name, ...frequentBeats });
    await registrar.maintenance(true, 'new disks');
    await write(second.secret);
    await events.next('rotated', 2_000);
    await first.revoke();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await catalog.passing(name)).toEqual([]);
    await registrar.maintenance(false);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });

  it('leaves the old token in use, with a word about it, when there is none in it', async () => {
    const name = freshName('emptied');
    const { events, write } = await withTokenFile(agent.token!, { name, ...frequentBeats });
    await write('');
    expect((await events.next('warning')).message).toMatch(
      /token file .* is empty, so the previous token stays in use/,
    );
    await events.next('beat');
    expect([events.of('beatMissed'), events.of('rotated')]).toEqual([[], []]);
  });
});

describe('a token that is revoked without a successor', () => {
  it('is a visible state, and healed within a second of a good token in the file', async () => {
    const name = freshName('revoked');
    const { tokenWith } = aclsOf(agent);
    const catalog = catalogOf(agent.url, agent.token);
    const [first, second] = [await tokenWith(rulesFor(name)), await tokenWith(rulesFor(name))];
    const { registrar, events, write } = await withTokenFile(first.secret, { name, ...frequentBeats });
    await first.revoke();
    expect(await events.next('lost', 20_000)).toMatchObject({
      cause: 'denied',
      error: { code: 'ROLLCALL_REGISTRY_DENIED', message: expect.stringContaining('ACL not found') as string },
    });
    expect([registrar.state, registrar.status().trouble?.code]).toEqual(['recovering', 'ROLLCALL_REGISTRY_DENIED']);
    // Long enough for the TTL to have run out in the catalog's eyes as well, were it not for the dead token.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const at = performance.now();
    await write(second.secret);
    await events.next('recovered', 5_000);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    // A second and what a busy machine adds to it; the proof has the figure.
    expect(performance.now() - at).toBeLessThan(3_000);
    expect(events.of('lost')).toHaveLength(1);
    await registrar.stop();
    expect(await catalog.entries(name)).toEqual([]);
  });

  it('can still leave: the entry is written under the token that has come meanwhile, and then removed', async () => {
    const name = freshName('late');
    const { tokenWith } = aclsOf(agent);
    const catalog = catalogOf(agent.url, agent.token);
    const [first, second] = [await tokenWith(rulesFor(name)), await tokenWith(rulesFor(name))];
    const { registrar, events, write } = await withTokenFile(first.secret, { name, ...frequentBeats });
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    await first.revoke();
    await events.next('lost', 20_000);
    const stopping = registrar.stop();
    await write(second.secret);
    await stopping;
    await waitFor(async () => (await catalog.entries(name)).length === 0);
  });
});

it('asks a function for its token, and registers again when it gives another', async () => {
  const name = freshName('asked');
  const { tokenWith } = aclsOf(agent);
  const [first, second] = [await tokenWith(rulesFor(name)), await tokenWith(rulesFor(name))];
  let token = first.secret;
  const { registrar, events } = registrarOn(agent.url, { name, id: name, ...frequentBeats }, () => token);
  void registrar.start();
  await events.next('registered');
  await events.next('beat');
  expect(events.of('rotated')).toEqual([]);
  token = second.secret;
  await events.next('rotated');
  await first.revoke();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(events.of('beatMissed')).toEqual([]);
  await registrar.stop();
  const catalog = catalogOf(agent.url, agent.token);
  expect(await catalog.entries(name)).toEqual([]);
});
