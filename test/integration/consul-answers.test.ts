import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { consul } from 'rollcall';
import { freePorts } from '../support/servers/free-ports.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';
import { aclsOf } from './fixtures/acls.js';
import { cleanUp, freshName, later, ownConsul, registeredOn, registrarOn } from './fixtures/live.js';

const facts = inject('consulFacts');
const url = inject('consulUrl');
const signal = new AbortController().signal;

afterEach(cleanUp);

function rawOn(agentUrl: string, token?: string) {
  const raw = rawConsul(agentUrl, { token });
  later(() => {
    raw.close();
  });
  return raw;
}

describe('what this version of Consul answers', () => {
  it('to a blocking read of health comes from where the facts say, and then says nothing true of the leader', async () => {
    const { registrar } = await registeredOn(url, { name: freshName('streamed') });
    const raw = rawOn(url);
    const path = `/v1/health/service/${registrar.status().name}`;
    const plain = await raw.get(path);
    expect(plain.headers['x-consul-knownleader']).toBe('true');
    const held = await raw.get(`${path}?index=1&wait=1s`);
    expect([held.status, held.json<unknown[]>().length]).toEqual([200, 1]);
    const backend = held.headers['x-consul-query-backend'];
    expect([backend, held.headers['x-consul-knownleader']]).toEqual(
      facts.streamsReads ? ['streaming', 'false'] : [undefined, 'true'],
    );
  });

  it('to readers of a service without a port leaves out the field or says 0, and we read it all the same', async () => {
    const name = freshName('portless');
    const raw = rawOn(url);
    await raw.put('/v1/agent/service/register', { Name: name, ID: name, Address: '10.0.0.1' });
    later(() => rawOn(url).put(`/v1/agent/service/deregister/${name}`));
    const [entry] = await waitFor(async () => {
      const rows = (await raw.get(`/v1/health/service/${name}`)).json<{ Service: Record<string, unknown> }[]>();
      return rows.length > 0 && rows;
    });
    expect(entry?.Service.Port).toBe(facts.leavesOutPortZero ? undefined : 0);
    const registry = consul({ endpoints: [url] });
    later(() => registry.close());
    expect(await registry.read({ name, id: name }, signal)).toMatchObject({ instance: { name, id: name } });
  });

  it('tells a token that it does not know from one that lacks a right, and so do we', async () => {
    const agent = await ownConsul({ acl: true });
    const { secret } = await aclsOf(agent).tokenWith('node_prefix "" { policy = "read" }');
    const messages = await Promise.all(
      [randomUUID(), secret].map(async (token) => {
        const { registrar, events } = registrarOn(agent.url, { name: 'web', id: 'web', port: 4000 }, token);
        void registrar.start();
        const { error } = await events.next('beatMissed');
        expect(error).toMatchObject({ code: 'ROLLCALL_REGISTRY_DENIED' });
        return error.message;
      }),
    );
    expect(messages).toEqual([
      expect.stringMatching(/ACL not found\. The token is unknown there or was deleted/),
      expect.stringMatching(/(Missing service:write on web|lacks permission 'service:(write|read)' on "web").*Grant/),
    ]);
    const policy = (await rawOn(agent.url, agent.token).get('/v1/agent/self')).headers['x-consul-default-acl-policy'];
    expect(policy).toBe(facts.tellsDefaultPolicy ? 'deny' : undefined);
  });

  it('takes its certificates where the facts say, and we speak to it over TLS', async () => {
    const [https = 0] = await freePorts(1);
    const file = (name: string) => new URL(`../support/tls/localhost.${name}.pem`, import.meta.url).pathname;
    const files = { ca_file: file('cert'), cert_file: file('cert'), key_file: file('key') };
    const agent = await ownConsul({ httpsPort: https, config: facts.tlsBlock ? { tls: { defaults: files } } : files });
    const registry = consul({ endpoints: [`https://localhost:${https}`], tls: { ca: file('cert') } });
    later(() => registry.close());
    expect(await registry.read({ name: 'nothing', id: 'nothing' }, signal)).toBeUndefined();
    expect((await rawOn(agent.url).get('/v1/status/leader')).status).toBe(200);
  });
});
