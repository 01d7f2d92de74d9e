import type { Registry } from './registry.js';
import type { BuiltInKind } from './worker-spec.js';

/** Makes a registry from its options, or from its members and its options. */
export type RegistryFactory = (...given: never[]) => Registry;

/** What makes each built-in registry, loaded when it is asked for. */
export type RegistryFactories = Readonly<Record<BuiltInKind, () => Promise<RegistryFactory>>>;
