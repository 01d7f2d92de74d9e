import type { ChangeFeed, Cursor, FeedPage } from '../../contracts/discovery.js';
import type { BlockingQueries } from './consul-blocking-query.js';
import type { ConsulTarget } from './consul-options.js';
import { withQuery } from './consul-path.js';

/**
 * The blocking queries that wake for each change of a service: one for registrations and tags, and one each for the
 * checks that become, or no longer are, critical or warning. The list of all checks would wake for their outputs too.
 */
export function consulFeeds(queries: BlockingQueries, target: ConsulTarget): readonly ChangeFeed[] {
  return [
    { poll: (cursor, signal) => catalogPage(queries, target, cursor, signal) },
    ...['critical', 'warning'].map((state) => ({
      poll: (cursor: Cursor | undefined, signal: AbortSignal) => statePage(queries, target, state, cursor, signal),
    })),
  ];
}

/** Names a service with its first and last instance, and with its tags; of others only the index tells. */
async function catalogPage(
  queries: BlockingQueries,
  target: ConsulTarget,
  cursor: Cursor | undefined,
  signal: AbortSignal,
): Promise<FeedPage> {
  const pathOf = (query: Readonly<Record<string, string>>) => withQuery('/catalog/services', {}, target, query);
  const { answer, ...page } = await queries.send(pathOf, cursor, signal);
  const services = new Map<string, string>();
  const visit = (tags: unknown, name: string | undefined) => {
    if (name === undefined) throw new TypeError('it is not an object of services by name');
    services.set(name, JSON.stringify(Array.isArray(tags) ? tags.toSorted() : tags));
  };
  await queries.visit(answer, visit, signal);
  return { ...page, services, rest: page.cursor };
}

/** A check as `health/state` lists it. */
interface ListedCheck {
  readonly Node: string;
  readonly CheckID: string;
  readonly ServiceID?: string;
  /** Empty for a check of a whole node, which concerns all of its services. */
  readonly ServiceName?: string;
}

/** Leaves out what the checks say, which changes without a change of their state. */
async function statePage(
  queries: BlockingQueries,
  target: ConsulTarget,
  state: string,
  cursor: Cursor | undefined,
  signal: AbortSignal,
): Promise<FeedPage> {
  const pathOf = (query: Readonly<Record<string, string>>) => withQuery(`/health/state/${state}`, {}, target, query);
  const { answer, ...page } = await queries.send(pathOf, cursor, signal);
  const checks = new Map<string, string[]>();
  const visit = (check: unknown, key: string | undefined) => {
    if (key !== undefined) throw new TypeError('it is not a list');
    const { Node, CheckID, ServiceID = '', ServiceName = '' } = check as ListedCheck;
    const shown = JSON.stringify([Node, ServiceID, CheckID]);
    const known = checks.get(ServiceName);
    if (known === undefined) checks.set(ServiceName, [shown]);
    else known.push(shown);
  };
  await queries.visit(answer, visit, signal);
  const services = new Map([...checks].map(([name, all]) => [name, all.sort().join()] as const));
  const rest = services.get('') ?? '';
  services.delete('');
  return { ...page, services, rest };
}
