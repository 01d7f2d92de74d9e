import type { Discovery } from '../contracts/discovery.js';
import { boundedListing, boundedPage } from './bounded-listing.js';
import type { RequestKind } from './guarded-registration.js';

export interface DiscoveryGuard {
  /** Of the registry. */
  readonly name: string;
  readonly run: <T>(
    operation: 'discover',
    signal: AbortSignal,
    verb: (signal: AbortSignal) => Promise<T>,
    kind?: RequestKind,
  ) => Promise<T>;
}

/** The read side of a registry with deadlines, and with bounds on what it answers. */
export function guardDiscovery(discovery: Discovery, { name, run }: DiscoveryGuard): Discovery {
  const find = discovery.find?.bind(discovery);
  const hasLeader = discovery.hasLeader?.bind(discovery);
  const watch = discovery.watch?.bind(discovery);
  return {
    traits: discovery.traits,
    poll: (service, cursor, signal, options) =>
      run(
        'discover',
        signal,
        async (bounded) => boundedListing(name, await discovery.poll(service, cursor, bounded, options)),
        kindOf(cursor),
      ),
    ...(find && { find: (key, signal) => run('discover', signal, (bounded) => find(key, bounded)) }),
    ...(hasLeader && { hasLeader: (signal) => run('discover', signal, hasLeader, 'beat') }),
    feeds: discovery.feeds?.map((feed) => ({
      poll: (cursor, signal) =>
        run('discover', signal, async (bounded) => boundedPage(name, await feed.poll(cursor, bounded)), kindOf(cursor)),
    })),
    ...(watch && {
      watch: (services, onNews, signal) =>
        run('discover', signal, (bounded) => watch(services, onNews, bounded), 'held'),
    }),
  };
}

function kindOf(cursor: string | undefined): RequestKind {
  return cursor === undefined ? 'request' : 'held';
}
