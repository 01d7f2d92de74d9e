import type { WorkerSpec } from '../../contracts/worker-spec.js';
import type { SerializedRegistry } from './messages.js';

/** Functions that stay in this thread, by the number under which the other one asks for them. */
export type Callbacks = (() => unknown)[];

/** Describes a registry for the worker. Functions stay on this thread: they are appended to `callbacks`. */
export function serializeRegistry(
  { members, asks = {}, ...source }: WorkerSpec,
  callbacks: Callbacks,
): SerializedRegistry {
  const numbers = Object.entries(asks).map(([name, ask]) => [name, callbacks.push(ask) - 1] as const);
  return {
    ...source,
    asks: Object.fromEntries(numbers),
    ...(members && { members: members.map((member) => serializeRegistry(member, callbacks)) }),
  };
}
