import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fakeResolver } from 'rollcall/testing';
import type { FakeResolver } from 'rollcall/testing';
import { discover } from 'rollcall/undici';
import { makeAuthority } from '../support/tls/certificates.js';
import type { Authority } from '../support/tls/certificates.js';
import { undiciCopies } from '../support/undici-copies.js';
import { dispatcherOf, instanceOf, resolverOf } from './fixtures/undici.js';
import { cleanUp, later } from './fixtures/live.js';

let authority: Authority;
beforeAll(async () => {
  authority = await makeAuthority();
});
afterEach(cleanUp);

/** An https instance with a certificate for these names. */
const secureInstance = async (...names: string[]) => instanceOf(undefined, await authority.issue({ names }));

/** A resolver whose only instance says of its certificate that it carries `serverName`. */
function resolverFor(port: number, serverName: string) {
  const meta = { scheme: 'https', tls_server_name: serverName };
  const resolver = fakeResolver({ orders: [{ address: '127.0.0.1', port, meta }] });
  later(() => resolver.close());
  return resolver;
}

describe.each(undiciCopies)('undici $version', ({ undici }) => {
  it.each(['http', 'https'])('calls an instance that serves https by %s, and expects its address', async (scheme) => {
    const instance = await secureInstance('127.0.0.1');
    const dispatcher = dispatcherOf(undici, resolverOf(instance), { connect: { ca: authority.cert } });
    const { body } = await undici.request(`${scheme}://orders.service`, { dispatcher });
    expect(await body.text()).toBe(String(instance.port));
    expect(instance.requests[0]?.host).toBe('orders.service');
  });

  it('expects the name that the instance registered, and asks for it', async () => {
    const instance = await secureInstance('orders.internal');
    const resolver = resolverFor(instance.port, 'orders.internal');
    const asked: (string | false | null)[] = [];
    instance.server.on('secureConnection', ({ servername }: { servername: string | false | null }) =>
      asked.push(servername),
    );
    const dispatcher = dispatcherOf(undici, resolver, { connect: { ca: authority.cert } });
    const { body } = await undici.request('https://orders.service', { dispatcher });
    expect(await body.text()).toBe(String(instance.port));
    expect(asked).toEqual(['orders.internal']);
  });

  it.each([
    ['another address', async () => resolverOf(await secureInstance('127.0.0.2'))],
    ['the logical name', async () => resolverOf(await secureInstance('orders.service'))],
    ['another name', async () => resolverFor((await secureInstance('127.0.0.1')).port, 'orders.internal')],
  ])('refuses a certificate for %s', async (_, resolve) => {
    const dispatcher = dispatcherOf(undici, await resolve(), { connect: { ca: authority.cert } });
    await expect(undici.request('https://orders.service', { dispatcher })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('expects the logical name of an instance without a name where the pools are those of undici', async () => {
    const dispatch = (resolver: FakeResolver) =>
      new undici.Agent({ connect: { ca: authority.cert } }).compose(discover(resolver));
    const own = dispatch(resolverOf(await secureInstance('127.0.0.1')));
    await expect(undici.request('https://orders.service', { dispatcher: own })).rejects.toThrow('orders.service');
    const named = dispatch(resolverOf(await secureInstance('orders.service')));
    expect((await undici.request('https://orders.service', { dispatcher: named })).statusCode).toBe(200);
    await Promise.all([own.destroy(), named.destroy()]);
  });

  it('expects of other hosts what undici does', async () => {
    const { port } = await secureInstance('localhost');
    const dispatcher = dispatcherOf(undici, resolverOf(), { connect: { ca: authority.cert } });
    await undici.request(`https://localhost:${String(port)}`, { dispatcher });
    const byAddress = `https://127.0.0.1:${String(port)}`;
    await expect(undici.request(byAddress, { dispatcher })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('sends nothing in clear text that was to be sent by https', async () => {
    const instance = await instanceOf();
    const dispatcher = dispatcherOf(undici, resolverOf(instance));
    await expect(undici.request('https://orders.service', { dispatcher })).rejects.toThrow(/does not serve https/);
    expect(instance.connections).toBe(0);
  });
});
