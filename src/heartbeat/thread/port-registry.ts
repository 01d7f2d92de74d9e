import type { Portable } from '../../registry/registry.js';
import type { PortedRegistry } from './messages.js';

/** Functions that stay in this thread, by the number under which the other one asks for them. */
export type Asked = (() => unknown)[];

/** A registry for the way into the thread. What of it has to stay here is added to `asked`. */
export function portRegistry({ module, options, members, asks = {} }: Portable, asked: Asked): PortedRegistry {
  const numbers = Object.entries(asks).map(([name, ask]) => [name, asked.push(ask) - 1] as const);
  return { module, options, asks: Object.fromEntries(numbers), ...(members && { members: members.map((member) => portRegistry(member, asked)) }) };
}
