import { readOnlyFault } from './read-only-fault.js';
import type { Registry, RegistryTraits } from './registry.js';

const verbs = ['read', 'register', 'remove', 'close'];
const required = ['isLocal', 'suppliesAddress'] satisfies (keyof RegistryTraits)[];

/** What a value lacks of a `Registry`, as "what is allowed"; undefined when nothing is missing. */
export function registryFault(value: unknown): string | undefined {
  const allowed = 'a Registry, e.g. consul()';
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return allowed;
  const missing = [
    ...verbs.filter((verb) => typeof Reflect.get(value, verb) !== 'function').map((verb) => `${verb}()`),
    ...missingTraits(Reflect.get(value, 'traits')),
  ];
  return missing.length === 0 ? undefined : `${allowed}; this one lacks ${missing.join(', ')}`;
}

/** The same for a registry to register with. */
export function registrationFault(value: unknown): string | undefined {
  const fault = registryFault(value);
  if (fault !== undefined) return fault;
  const { name, traits } = value as Registry;
  if (traits.readOnly !== true) return undefined;
  return readOnlyFault(name);
}

/** A registry that states nothing would be taken for a distant one that fills in no address: it must not half-work. */
function missingTraits(traits: unknown): string[] {
  if (typeof traits !== 'object' || traits === null) return [`traits: { ${required.join(', ')} }`];
  return required
    .filter((trait) => typeof Reflect.get(traits, trait) !== 'boolean')
    .map((trait) => `traits.${trait} (true or false)`);
}
