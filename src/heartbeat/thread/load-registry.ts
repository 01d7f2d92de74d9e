import { ConfigError } from '../../errors.js';
import type { Registry } from '../../registry/registry.js';
import type { PortedRegistry } from './messages.js';

type Make = (...given: unknown[]) => Registry;

/** Builds in this thread what a registry of another one says it takes. Rejects when it cannot. */
export async function loadRegistry({ module, options, members, asks }: PortedRegistry, ask: (about: number) => Promise<unknown>): Promise<Registry> {
  const [make, ...others] = Object.values((await import(module)) as object) as unknown[];
  if (typeof make !== 'function' || others.length > 0) throw new ConfigError([{ field: 'portable.module', value: module, allowed: 'a module with one export, which makes the registry' }]);
  const whole: unknown = { ...options, ...Object.fromEntries(Object.entries(asks).map(([name, about]) => [name, () => ask(about)])) };
  const registries = members && (await Promise.all(members.map((member) => loadRegistry(member, ask))));
  return (make as Make)(...(registries === undefined ? [whole] : [registries, whole]));
}
