// A registry of one's own, whole: verbs without loops. No timer, no retry, no log line; the Registrar has those.
import { RegistrationLostError, StoppedError } from 'rollcall';
import type { Entry, HealthReport, InstanceKey, Registry, ServiceInstance } from 'rollcall';

const slotOf = ({ name, id }: InstanceKey): string => JSON.stringify([name, id]);
type Slot = { instance: ServiceInstance; beat: HealthReport; beatAt: number; maintenance?: { reason: string } };

export function mapRegistry(slots = new Map<string, Slot>()): Registry {
  let closed = false;
  // A key with a nonce means that very incarnation, and nobody else under the same id.
  const held = (key: InstanceKey): Slot | undefined => {
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
      if (held(key)) slots.delete(slotOf(key));
    });
  return {
    name: 'map',
    traits: {
      isLocal: true, // retries may be quick
      suppliesAddress: false, // the Registrar has to find out the address
    },
    read: (key, signal) => verb(signal, () => entryOf(held(key))),
    register: (instance, report, signal) =>
      verb(signal, () => {
        // Nobody passes before a heartbeat has said so; an update keeps what they said.
        const kept = held(instance) ?? {
          beat: { status: 'critical', reason: 'no heartbeat yet' },
          beatAt: performance.now(),
        };
        slots.set(slotOf(instance), {
          ...kept,
          instance,
          ...(report.status === 'maintenance' && { maintenance: { reason: report.reason } }),
        });
        const renew = (beat: HealthReport) => {
          const slot = held(instance);
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
