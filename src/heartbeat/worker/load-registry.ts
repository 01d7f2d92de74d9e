import { ConfigError } from '../../core/errors.js';
import type { RegistryFactories, RegistryFactory } from '../../contracts/registry-factories.js';
import type { Registry } from '../../contracts/registry.js';
import type { BuiltInKind } from '../../contracts/worker-spec.js';
import type { SerializedRegistry } from './messages.js';

/**
 * Builds the registry that another thread describes. `ask` calls a function that stayed there. Rejects when the
 * registry cannot be built.
 */
export async function loadRegistry(
  serialized: SerializedRegistry,
  factories: RegistryFactories,
  ask: (about: number) => Promise<unknown>,
): Promise<Registry> {
  const { options, members, asks } = serialized;
  const make = 'kind' in serialized ? await builtIn(serialized.kind, factories) : await onlyExport(serialized.module);
  const whole: unknown = {
    ...options,
    ...Object.fromEntries(Object.entries(asks).map(([name, about]) => [name, () => ask(about)])),
  };
  const registries = members && (await Promise.all(members.map((member) => loadRegistry(member, factories, ask))));
  return (make as (...given: unknown[]) => Registry)(...(registries === undefined ? [whole] : [registries, whole]));
}

async function builtIn(kind: BuiltInKind, factories: RegistryFactories): Promise<RegistryFactory> {
  // The worker may run another version of this package, which lacks the kind.
  if (!Object.hasOwn(factories, kind))
    throw new ConfigError([
      { field: 'workerSpec.kind', value: kind, allowed: `one of ${Object.keys(factories).join(', ')}` },
    ]);
  return factories[kind]();
}

async function onlyExport(module: string): Promise<RegistryFactory> {
  const [make, ...others] = Object.values((await import(module)) as object) as unknown[];
  if (typeof make !== 'function' || others.length > 0)
    throw new ConfigError([
      { field: 'workerSpec.module', value: module, allowed: 'a module with one export, which makes the registry' },
    ]);
  return make as RegistryFactory;
}
