import { afterEach, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { consul } from '../../src/backends/consul/consul-registry.js';
import type { ServiceInstance } from '../../src/contracts/service-instance.js';
import { GuardedRegistry } from '../../src/registries/guarded-registry.js';
import type { FaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import { cleanUp, freshName, later, proxyBefore } from './fixtures/live.js';

afterEach(cleanUp);

const REQUEST_MS = 400;
const passing = { status: 'passing', reason: 'ok' } as const;
const { signal } = new AbortController();

/** A registry behind a proxy, an entry in it, and every verb but the heartbeat, which its sender ends. */
async function verbsBehind(fault: (proxy: FaultProxy) => Promise<void>) {
  const proxy = await proxyBefore(inject('consulUrl'));
  const registry = new GuardedRegistry(
    consul({ endpoints: [proxy.url], timeouts: { request: REQUEST_MS, poll: '1s' } }),
    systemClock,
  );
  const name = freshName('deadline');
  const instance: ServiceInstance = {
    name,
    id: name,
    port: 1,
    tags: [],
    meta: {},
    nonce: 'n',
    ttlMs: 30_000,
    checks: [],
  };
  const registration = await registry.register(instance, passing, signal);
  later(async () => {
    await proxy.pass();
    await registration.deregister(signal);
    await registry.close();
  });
  const { changed } = registration;
  await fault(proxy);
  return {
    registering: registry.register(instance, passing, signal),
    reading: registry.read(instance, signal),
    removing: registry.remove(instance, signal),
    deregistering: registration.deregister(signal),
    watching: changed!(signal),
    discovering: registry.discovery!.poll(name, undefined, signal),
    following: registry.discovery!.poll(name, '1', signal),
  };
}

async function codesOf(verbs: Readonly<Record<string, Promise<unknown>>>): Promise<Set<unknown>> {
  const outcomes = await Promise.all(
    Object.values(verbs).map((verb) =>
      verb.then(
        (value) => value ?? 'no value',
        (thrown: unknown) => (thrown as { code: string }).code,
      ),
    ),
  );
  return new Set(outcomes);
}

describe('the npm client would wait for ever, and no verb does', () => {
  it('when the agent takes a request and never answers', async () => {
    const { watching, ...asking } = await verbsBehind((proxy) => proxy.stall());
    expect(await codesOf(asking)).toEqual(new Set(['ROLLCALL_TIMEOUT']));
    // A held look that heard nothing for too long is worth a look of another kind.
    await expect(watching).resolves.toBeUndefined();
  });

  it('when the connection ends in the middle of an answer', async () => {
    expect(await codesOf(await verbsBehind((proxy) => proxy.cut(40)))).toEqual(
      new Set(['ROLLCALL_REGISTRY_UNAVAILABLE']),
    );
  });

  it('when an answer trickles in', async () => {
    const { watching, ...asking } = await verbsBehind((proxy) => proxy.drip({ bytes: 1, everyMs: 50 }));
    expect(await codesOf(asking)).toEqual(new Set(['ROLLCALL_TIMEOUT']));
    await expect(watching).resolves.toBeUndefined();
  });
});
