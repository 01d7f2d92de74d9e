import type { Registration, Registry } from '../../src/contracts/registry.js';
import type { SimulatedRegistry } from './simulated-registry.js';

/** Lets things happen in a thread: at once, once it goes on, or never. */
export type Gate = (run: () => void) => void;

const rooms: { readonly registry: SimulatedRegistry; readonly gate: () => Gate }[] = [];

/** Makes the registry again that `giveWorkerSpec` was given, as a registry's own module does in a worker thread: a client of its own, which stalls and ends with that. */
export function simulated({ room, broken }: { room: number; broken?: boolean }): Registry {
  const found = rooms[room];
  if (found === undefined || broken === true) throw new Error('not in this thread');
  const { registry } = found;
  const gate = found.gate();
  const through = () => new Promise<void>((resolve) => gate(resolve));
  const gated =
    <G extends unknown[], T>(verb: (...given: G) => Promise<T>) =>
    async (...given: G): Promise<T> => {
      await through();
      const outcome = await verb(...given).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      await through();
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    };
  const registration = (inner: Registration): Registration => ({
    ...inner,
    renew: gated(inner.renew),
    changed: gated(inner.changed!),
    deregister: gated(inner.deregister),
  });
  return {
    name: registry.name,
    traits: registry.traits,
    read: gated((...given) => registry.read(...given)),
    register: gated(async (...given) => registration(await registry.register(...given))),
    remove: gated((...given) => registry.remove(...given)),
    maintain: gated((...given) => registry.maintain(...given)),
    close: gated(() => registry.close()),
  };
}

simulated.giveWorkerSpec = <R extends SimulatedRegistry>(registry: R, gate: () => Gate, more: object = {}): R => {
  const room = rooms.push({ registry, gate }) - 1;
  return Object.assign(registry, { workerSpec: { module: import.meta.url, options: { room, ...more } } });
};
