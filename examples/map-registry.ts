// A complete custom registry: verbs without loops. Timers, retries and log lines are the Registrar's.
import { RegistrationLostError } from 'rollcall';
import type { Entry, HealthReport, InstanceKey, Registry, ServiceInstance } from 'rollcall';
type Slot = { instance: ServiceInstance; beat: HealthReport; beatAt: number; maintenance?: { reason: string } };
const late: HealthReport = { status: 'critical', reason: 'no heartbeat in time' }; // also before the first
const slotOf = ({ name, id }: InstanceKey): string => JSON.stringify([name, id]);

export function mapRegistry(slots = new Map<string, Slot>()): Registry {
  // A key with a nonce matches only that incarnation, not another one with the same id.
  const find = (key: InstanceKey): Slot | undefined => {
    const slot = slots.get(slotOf(key));
    return key.nonce === undefined || slot?.instance.nonce === key.nonce ? slot : undefined;
  };
  const remove = async (key: InstanceKey, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (find(key)) slots.delete(slotOf(key));
  };
  return {
    name: 'map',
    traits: { isLocal: true, suppliesAddress: false }, // quick retries; the Registrar finds the address
    async read(key, signal) {
      signal.throwIfAborted();
      const slot = find(key);
      return slot && entryOf(slot);
    },
    async register(instance, { status, reason }, signal) {
      signal.throwIfAborted();
      const maintenance = status === 'maintenance' && { maintenance: { reason } };
      slots.set(slotOf(instance), { beat: late, beatAt: 0, ...find(instance), instance, ...maintenance });
      const renew = async (beat: HealthReport, abort: AbortSignal) => {
        abort.throwIfAborted();
        const slot = find(instance);
        if (!slot) throw new RegistrationLostError(`the map has no ${instance.id}`, { registry: 'map' });
        slots.set(slotOf(instance), { ...slot, beat, beatAt: performance.now() });
        return { ttlMs: instance.ttlMs };
      };
      return { holder: () => 'map', renew, deregister: (abort) => remove(instance, abort) };
    },
    remove,
    close: () => Promise.resolve(), // nothing to free
  };
}

function entryOf({ instance: written, beat, beatAt, maintenance }: Slot): Entry {
  const { ttlMs, checks: _own, deregisterCriticalAfterMs: _ours, ...instance } = written;
  const { status, reason } = performance.now() - beatAt > ttlMs ? late : beat;
  const checks = [{ id: 'heartbeat', status, output: reason }];
  return { instance, status: maintenance ? 'maintenance' : status, checks, ...(maintenance && { maintenance }) };
}
