import { RegistryUnavailableError, asError } from '../../core/errors.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import { isVerdict } from './redis-errors.js';
import type { RedisAccess, RedisPlace } from './redis-options.js';

/** Makes a client that is destroyed when `end` aborts; as much of one as a question to a Sentinel needs. */
type OpenClient = (
  at: RegistryEndpoint,
  access: RedisAccess,
  end: AbortSignal,
) => Promise<{ sendCommand(words: string[]): Promise<unknown> }>;

/**
 * Where the master is now. All Sentinels are asked at once: one that hangs must not hold up the others. Rejects with
 * `RegistryUnavailableError` when none has an answer, with Redis' own error when all refuse us.
 */
export async function masterOf(
  { sentinels, name, sentinelAccess }: Extract<RedisPlace, { kind: 'sentinel' }>,
  open: OpenClient,
  end: AbortSignal,
): Promise<RegistryEndpoint> {
  const asked = new AbortController();
  const over = AbortSignal.any([end, asked.signal]);
  const ask = async (sentinel: RegistryEndpoint): Promise<RegistryEndpoint> => {
    const client = await open(sentinel, sentinelAccess, over);
    const answer = await client.sendCommand(['SENTINEL', 'get-master-addr-by-name', name]);
    if (!Array.isArray(answer)) throw new Error(`it knows no master called ${name}`);
    return { host: String(answer[0]), port: Number(answer[1]) };
  };
  try {
    return await Promise.any(sentinels.map(ask));
  } catch (thrown) {
    const causes = thrown instanceof AggregateError ? thrown.errors.map(asError) : [asError(thrown)];
    const [first] = causes;
    // All of them refuse us.
    if (first !== undefined && causes.every(isVerdict)) throw first;
    const reasons = [...new Set(causes.map(({ message }) => message))].join('; ');
    throw new RegistryUnavailableError(
      `None of ${String(sentinels.length)} Redis Sentinels could say where ${name} is: ${reasons}`,
      { registry: 'redis', cause: first },
    );
  } finally {
    asked.abort();
  }
}
