import type { WorkerSpec } from '../../contracts/worker-spec.js';
import type { SerializedRegistry } from './messages.js';

/** Functions that stay in this thread, by the number under which the other one asks for them. */
export type Asked = (() => unknown)[];

/** A registry for the way into the thread. The functions that stay here are added to `asked`. */
export function serializeRegistry({ members, asks = {}, ...source }: WorkerSpec, asked: Asked): SerializedRegistry {
  const numbers = Object.entries(asks).map(([name, ask]) => [name, asked.push(ask) - 1] as const);
  return {
    ...source,
    asks: Object.fromEntries(numbers),
    ...(members && { members: members.map((member) => serializeRegistry(member, asked)) }),
  };
}
