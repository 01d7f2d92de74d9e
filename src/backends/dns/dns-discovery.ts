import type { Listing } from '../../contracts/discovery.js';
import { RegistryRejectedError, RegistryUnavailableError, asError } from '../../core/errors.js';
import type { DnsClient } from './dns-client.js';
import { decodeAnswer, encodeQuery } from './dns-codec.js';
import type { DnsAnswer } from './dns-codec.js';
import { instancesIn } from './dns-instances.js';
import { SHORTEST_TTL_MS, isHostName } from './dns-options.js';
import type { DnsTarget } from './dns-options.js';

const context = { registry: 'dns', operation: 'discover' };
const IDS = 65_536;

/** Asks for a service, once. */
export async function lookUp(
  client: DnsClient,
  { shown, domain, maxTtlMs }: DnsTarget,
  service: string,
  datacenter: string | undefined,
  signal: AbortSignal,
): Promise<Listing> {
  const name = [service, 'service', datacenter, domain]
    .filter((part) => part !== undefined)
    .join('.')
    .toLowerCase();
  if (!isHostName(name))
    throw new RegistryRejectedError(
      `dns cannot look up ${service}: ${name} is no DNS name; use letters, digits and hyphens`,
      context,
    );
  const query = { id: Math.floor(Math.random() * IDS), name };
  const answer = await unlessUnusable(shown, name, signal, async () =>
    decodeAnswer(await client.ask(encodeQuery(query), signal), query),
  );
  const fresh = (ttlMs: number) => Math.min(maxTtlMs, Math.max(SHORTEST_TTL_MS, ttlMs));
  if (answer.kind === 'none') return { instances: [], freshForMs: fresh(answer.ttlMs) };
  if (answer.kind !== 'records') throw failure(answer, shown, name);
  const { instances, ttlMs } = instancesIn(answer.records, name, service);
  return { instances, freshForMs: fresh(ttlMs) };
}

async function unlessUnusable<T>(shown: string, name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    signal.throwIfAborted();
    const cause = asError(thrown);
    throw new RegistryUnavailableError(
      `dns at ${shown} gave no answer for ${name}: ${cause.message}; check \`server\`, and that it answers over TCP`,
      { ...context, cause },
    );
  }
}

function failure(
  answer: Extract<DnsAnswer, { readonly kind: 'failed' | 'truncated' }>,
  shown: string,
  name: string,
): RegistryUnavailableError {
  const message =
    answer.kind === 'truncated'
      ? `dns at ${shown} cut off its answer for ${name}, since it has more instances than fit into 64 kB: read them ` +
        'with consul() instead'
      : `dns at ${shown} answered ${answer.code} for ${name}, so its instances are not known: check \`domain\` ` +
        'and the log of the server';
  return new RegistryUnavailableError(message, { ...context, answered: true });
}
