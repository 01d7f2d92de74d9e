import { RegistryUnavailableError, asError } from '../../core/errors.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import { isVerdict } from './redis-errors.js';
import type { RedisAccess, RedisPlace } from './redis-options.js';

/** Opens a client that is destroyed when `end` aborts. Declares only what a query to a Sentinel needs. */
type OpenClient = (
  at: RegistryEndpoint,
  access: RedisAccess,
  end: AbortSignal,
) => Promise<{ sendCommand(words: string[]): Promise<unknown> }>;

/**
 * Resolves to the current master. Queries all Sentinels at once, so that one that hangs does not delay the answer.
 * Rejects with `RegistryUnavailableError` if none has an answer, and with Redis' own error if all refuse us.
 */
export async function masterOf(
  { sentinels, name, sentinelAccess }: Extract<RedisPlace, { kind: 'sentinel' }>,
  open: OpenClient,
  end: AbortSignal,
): Promise<RegistryEndpoint> {
  const done = new AbortController();
  const stop = AbortSignal.any([end, done.signal]);
  const query = async (sentinel: RegistryEndpoint): Promise<RegistryEndpoint> => {
    const client = await open(sentinel, sentinelAccess, stop);
    const answer = await client.sendCommand(['SENTINEL', 'get-master-addr-by-name', name]);
    if (!Array.isArray(answer)) throw new Error(`it knows no master called ${name}`);
    return { host: String(answer[0]), port: Number(answer[1]) };
  };
  try {
    return await Promise.any(sentinels.map(query));
  } catch (thrown) {
    const causes = thrown instanceof AggregateError ? thrown.errors.map(asError) : [asError(thrown)];
    const [first] = causes;
    // Every Sentinel refuses us.
    if (first !== undefined && causes.every(isVerdict)) throw first;
    const reasons = [...new Set(causes.map(({ message }) => message))].join('; ');
    throw new RegistryUnavailableError(
      `None of ${String(sentinels.length)} Redis Sentinels knows where the master ${name} is (${reasons}). ` +
        'Check redis({ sentinels, name })',
      { registry: 'redis', cause: first },
    );
  } finally {
    done.abort();
  }
}
