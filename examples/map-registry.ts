// A complete custom registry: verbs without loops. Timers, retries and log lines are the Registrar's.
import { RegistrationLostError, StoppedError } from 'rollcall';
import type { Entry, HealthReport, InstanceKey, Registry, ServiceInstance } from 'rollcall';

const slotOf = ({ name, id }: InstanceKey): string => JSON.stringify([name, id]);
type Slot = { instance: ServiceInstance; beat: HealthReport; beatAt: number; maintenance?: { reason: string } };

export function mapRegistry(slots = new Map<string, Slot>()): Registry {
  let closed = false;
  // A key with a nonce matches only that incarnation, not another one with the same id.
  const find = (key: InstanceKey): Slot | undefined => {
    const slot = slots.get(slotOf(key));
    return key.nonce === undefined || slot?.instance.nonce === key.nonce ? slot : undefined;
  };
  const verb = async <T>(signal: AbortSignal, run: () => T): Promise<T> => {
    await Promise.resolve().then(() => signal.throwIfAborted());
    if (closed) throw new StoppedError('the map is closed', { registry: 'map' });
    return run();
  };
  const remove = (key: InstanceKey, signal: AbortSignal): Promise<void> =>
    verb(signal, () => {
      if (find(key)) slots.delete(slotOf(key));
    });
  return {
    name: 'map',
    traits: {
      isLocal: true, // allows quick retries
      suppliesAddress: false, // the Registrar has to determine the address
    },
    read: (key, signal) => verb(signal, () => entryOf(find(key))),
    register: (instance, report, signal) =>
      verb(signal, () => {
        // Critical before the first heartbeat; an update keeps the last heartbeat.
        const previous = find(instance) ?? {
          beat: { status: 'critical', reason: 'no heartbeat yet' },
          beatAt: performance.now(),
        };
        slots.set(slotOf(instance), {
          ...previous,
          instance,
          ...(report.status === 'maintenance' && { maintenance: { reason: report.reason } }),
        });
        const renew = (beat: HealthReport) => {
          const slot = find(instance);
          if (!slot)
            throw new RegistrationLostError(`the map has no ${instance.id}`, { registry: 'map', operation: 'renew' });
          slots.set(slotOf(instance), { ...slot, beat, beatAt: performance.now() });
          return { ttlMs: instance.ttlMs };
        };
        return {
          holder: () => 'map',
          renew: (beat, abort) => verb(abort, () => renew(beat)),
          deregister: (abort) => remove(instance, abort),
        };
      }),
    remove,
    close: async () => {
      closed = true;
    },
  };
}

function entryOf(slot: Slot | undefined): Entry | undefined {
  if (!slot) return undefined;
  const { ttlMs, checks: _, deregisterCriticalAfterMs: _after, ...instance } = slot.instance;
  const { status, reason } =
    performance.now() - slot.beatAt > ttlMs
      ? { status: 'critical' as const, reason: 'no heartbeat in time' }
      : slot.beat;
  const known = { instance, status, checks: [{ id: 'heartbeat', status, output: reason }] };
  return slot.maintenance ? { ...known, status: 'maintenance', maintenance: slot.maintenance } : known;
}
