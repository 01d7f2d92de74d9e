import type { ServiceInstance } from '../contracts/service-instance.js';
import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';
import { asError, hasCode } from '../core/errors.js';
import { readdress } from '../instance/supplied-address.js';
import type { SuppliedAddressPlan } from '../instance/supplied-address.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { Events } from '../telemetry/events.js';
import type { LastKnownEntry } from './last-known-entry.js';

/** An agent hands an entry to its servers within milliseconds. */
const SEEN_WITHIN_MS = 1_000;
const LOOK_EVERY_MS = 20;

export interface AddressSettlement {
  readonly registry: GuardedRegistry;
  readonly clock: Clock;
  readonly events: Events;
  readonly lastKnown: LastKnownEntry;
  /** Absent when the instance has an address of its own. */
  readonly suppliedAddress?: SuppliedAddressPlan | undefined;
}

/**
 * Returns the instance as it has to be for the address that readers get: the given object when it is right already.
 * Call it when the entry was written and is still critical. Reads what any reader may read, because the agent itself
 * tells its address only to operators. When readers do not see the entry in time, it stays as it is, with a warning.
 * Rejects with `AddressNotFoundError`, and with the signal's reason.
 */
export async function settleAddress(
  instance: ServiceInstance,
  { registry, clock, events, lastKnown, suppliedAddress: plan }: AddressSettlement,
  signal: AbortSignal,
): Promise<ServiceInstance> {
  if (plan === undefined || instance.address !== undefined || lastKnown.addressSettled) return instance;
  const seen = await seenByReaders(instance, registry, clock, signal);
  // An outage says nothing: the next registration looks again.
  lastKnown.addressSettled = !('trouble' in seen) || seen.trouble === undefined || isDenied(seen.trouble);
  if (!('address' in seen)) {
    events.emit('warning', { message: unknownAddress(seen.trouble) });
    return instance;
  }
  if (seen.address === undefined) return instance;
  const supplied = seen.address;
  const { instance: settled, candidates, warning } = readdress(instance, supplied, plan);
  if (warning !== undefined) events.emit('warning', { message: warning });
  if (candidates !== undefined) events.emit('address', { address: settled.address, port: settled.port, candidates });
  return settled;
}

/** What a reader finds of the entry, or what kept the reader from finding it in time. */
async function seenByReaders(
  { name, id, nonce }: ServiceInstance,
  registry: GuardedRegistry,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly address: string | undefined } | { readonly trouble: Error | undefined }> {
  let trouble: Error | undefined;
  const look = async (bounded: AbortSignal): Promise<{ address: string | undefined }> => {
    for (;;) {
      try {
        const found = (await registry.instancesOf(name, bounded)) ?? [];
        const ours = found.find((each) => each.id === id && each.nonce === nonce);
        if (ours !== undefined) return { address: ours.address };
        trouble = undefined;
      } catch (thrown) {
        bounded.throwIfAborted();
        trouble = asError(thrown);
        if (isDenied(trouble)) throw trouble;
      }
      await clock.sleep(LOOK_EVERY_MS, bounded);
    }
  };
  return withDeadline(clock, SEEN_WITHIN_MS, { operation: 'discover' }, signal, look).catch(() => {
    signal.throwIfAborted();
    return { trouble };
  });
}

function isDenied(error: Error): boolean {
  return hasCode(error, 'ROLLCALL_REGISTRY_DENIED');
}

function unknownAddress(trouble: Error | undefined): string {
  const why = trouble?.message ?? 'the list that readers get does not have this instance';
  return (
    'the address that the registry fills in for readers is not known, so the server may not listen on it, and probes ' +
    'go to 127.0.0.1: grant the token node:read (`npx rollcall policy` prints the rule), or set `address` or ' +
    `SERVICE_ADDRESS. The reason: ${why}`
  );
}
