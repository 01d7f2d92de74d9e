import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import { entryKey, indexKey } from '../../src/backends/redis/redis-codec.js';
import { redis } from '../../src/backends/redis/redis-registry.js';
import { systemClock } from '../../src/core/clock.js';
import { hasCode } from '../../src/core/errors.js';
import type { InstanceKey } from '../../src/index.js';
import { startFaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import type { ContractHarness } from '../../src/integrations/testing/registry-contract.js';
import { waitFor } from '../support/wait-for.js';

export const onRedis: Pick<ContractHarness, 'ttlMs' | 'beatsKnowTheirOwner' | 'advance'> = {
  ttlMs: 1_000,
  beatsKnowTheirOwner: true,
  advance: (ms) => systemClock.sleep(ms),
};

/** Loses an entry, by a client that has no part in it. */
export function forgetBy(raw: { del(keys: string[]): Promise<unknown> }): ContractHarness['forget'] {
  return async ({ name, id }: InstanceKey) => {
    await raw.del([entryKey(name, id), indexKey(name)]);
  };
}

/** Harnesses on the Redis at `url`, each with a user of its own and a proxy before it. */
export async function redisHarnesses(
  url: string,
): Promise<{ make(): Promise<ContractHarness>; close(): Promise<void> }> {
  const raw = createClient({ url });
  await raw.connect();
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: Number(new URL(url).port) } });
  return {
    async make() {
      await proxy.delay(0);
      const username = randomUUID();
      await raw.sendCommand(['ACL', 'SETUSER', username, 'on', '>secret', '~rollcall:*', '+@all']);
      const registry = redis({ url: `redis://${username}:secret@127.0.0.1:${proxy.port}` });
      return {
        ...onRedis,
        registry,
        forget: forgetBy(raw),
        delay: (answerMs) => proxy.delay({ answerMs }),
        async revoke() {
          await raw.sendCommand(['ACL', 'DELUSER', username]);
          // Its connection ends with it, which is another matter than being refused.
          const refused = (error: unknown) => hasCode(error, 'ROLLCALL_REGISTRY_DENIED');
          await waitFor(() =>
            registry.read({ name: 'nobody', id: 'nobody' }, new AbortController().signal).then(() => false, refused),
          );
        },
      };
    },
    async close() {
      await proxy.close();
      raw.destroy();
    },
  };
}
