import type { Server } from 'node:net';

/**
 * `localhost` can have several addresses. Fastify listens on each with a separate server, which it keeps under a
 * symbol. It closes them, but only a drain waits for their requests. Empty for any other object.
 */
export function additionalServersOf(root: object): readonly Server[] {
  const key = Object.getOwnPropertySymbols(root).find(({ description }) => description === 'fastify.serverBindings');
  return key === undefined ? [] : ((root as Readonly<Record<symbol, readonly Server[]>>)[key] ?? []);
}
