import { afterEach, beforeAll, expect, it } from 'vitest';
import { Registrar, consul, consulKv } from 'rollcall';
import type { RegistrarOptions } from 'rollcall';
import { policy } from '../../src/cli/policy.js';
import { recordEvents } from '../support/record-events.js';
import type { EventRecord } from '../support/record-events.js';
import { runCommand } from '../support/run-command.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { waitFor } from '../support/wait-for.js';
import { aclsOf } from './fixtures/acls.js';
import { catalogOf, cleanUp, freshName, later, quickStop } from './fixtures/live.js';

let agent: ConsulServer;
beforeAll(async () => {
  agent = await startConsul({ acl: true });
  return () => agent.stop();
});
afterEach(cleanUp);

const signal = new AbortController().signal;

/** What `rollcall policy` prints, less the rules that begin with `without`. */
async function printed(words: readonly string[], without?: string): Promise<string> {
  const { status, out } = await runCommand(policy, words);
  expect(status).toBe(0);
  const at = without === undefined ? -1 : out.findIndex((line) => line.startsWith(without));
  return out.filter((_, index) => at < 0 || index < at || index > at + 2).join('\n');
}

async function started(
  token: string,
  options: RegistrarOptions,
): Promise<{ registrar: Registrar; events: EventRecord }> {
  const registrar = new Registrar({
    registry: consul({ endpoints: [agent.url], token }),
    logger: false,
    shutdown: quickStop,
    address: '127.0.0.1',
    port: 4000,
    ttl: '3s',
    ...options,
  });
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  void registrar.start();
  return { registrar, events };
}

it('`rollcall policy` is enough for the whole life of a service where everything is denied by default', async () => {
  const name = freshName('least');
  const other = freshName('other');
  const key = `config/${name}`;
  const { tokenWith } = aclsOf(agent);
  const { secret } = await tokenWith(await printed([name, '--discover', other, '--kv', key]));
  const catalog = catalogOf(agent.url, agent.token);
  await catalog.raw.put(`/v1/kv/${key}/tags`, ['live']);
  await catalog.raw.put('/v1/agent/service/register', { Name: other, ID: other });
  const config = consulKv(key, { endpoints: [agent.url], token: secret });
  const { registrar, events } = await started(secret, { name, id: name, config });
  await events.next('registered');
  await waitFor(async () => (await catalog.passing(name)).length === 1);
  expect((await catalog.entries(name))[0]?.Service.Tags).toEqual(['live']);
  await catalog.deregister(name);
  expect((await events.next('recovered')).cause).toBe('missing');
  await registrar.update({ meta: { zone: 'eu' } });
  await registrar.maintenance(true, 'new disks');
  expect(await catalog.passing(name)).toEqual([]);
  await registrar.maintenance(false);
  await waitFor(async () => (await catalog.passing(name)).length === 1);

  const reader = consul({ endpoints: [agent.url], token: secret });
  later(() => reader.close());
  for (const service of [name, other])
    expect((await reader.discovery?.poll(service, undefined, signal))?.instances).toHaveLength(1);

  await registrar.stop();
  expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
  expect([events.of('beatMissed'), events.of('stopped')[0]?.errors]).toEqual([[], []]);
  expect(await catalog.entries(name)).toEqual([]);
});

it('and it is the least: without write on the service nothing is registered, and the error names the way to the policy', async () => {
  const name = freshName('no-write');
  const { secret } = await aclsOf(agent).tokenWith(await printed([name], 'service'));
  const { registrar, events } = await started(secret, { name, id: name });
  const { error } = await events.next('beatMissed');
  expect(error).toMatchObject({
    code: 'ROLLCALL_REGISTRY_DENIED',
    message: expect.stringMatching(/Permission denied.*npx rollcall policy/) as string,
  });
  expect(registrar.state).toBe('recovering');
});

it('and it is the least: without read on nodes a stop cannot be seen', async () => {
  const name = freshName('no-nodes');
  const { secret } = await aclsOf(agent).tokenWith(await printed([name], 'node_prefix'));
  const { registrar, events } = await started(secret, { name, id: name });
  await events.next('registered');
  await registrar.stop();
  expect(events.of('deregistered')).toMatchObject([{ confirmed: false }]);
  expect(await catalogOf(agent.url, agent.token).entries(name)).toEqual([]);
});
