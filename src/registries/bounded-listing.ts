import type { FeedPage, Listing } from '../contracts/discovery.js';
import { RegistryUnavailableError } from '../core/errors.js';

/** Far longer than the position of any registry, which travels in each request. */
const LONGEST_CURSOR = 1_024;

/** The answer to a poll, with a cursor that can be sent back, and a revision that counts. Throws if it is no list. */
export function boundedListing(registry: string, answer: Listing): Listing {
  const { instances, cursor, revision } = (answer ?? {}) as { readonly [Field in keyof Listing]?: unknown };
  if (!Array.isArray(instances))
    throw new RegistryUnavailableError(
      `${registry} answered discover with no list of instances, so it is not used: check its \`discovery.poll\``,
      { registry, operation: 'discover' },
    );
  const isCursorFine = cursor === undefined || isUsable(cursor);
  const isRevisionFine = revision === undefined || Number.isSafeInteger(revision);
  if (isCursorFine && isRevisionFine) return answer;
  const { cursor: _cursor, revision: _revision, ...rest } = answer;
  return {
    ...rest,
    ...(isCursorFine && answer.cursor !== undefined && { cursor: answer.cursor }),
    ...(isRevisionFine && answer.revision !== undefined && { revision: answer.revision }),
  };
}

/** The page of a feed. Throws if it is none. */
export function boundedPage(registry: string, page: FeedPage): FeedPage {
  const { cursor, services, rest } = (page ?? {}) as { readonly [Field in keyof FeedPage]?: unknown };
  if (isUsable(cursor) && services instanceof Map && typeof rest === 'string') return page;
  throw new RegistryUnavailableError(
    `${registry} answered a feed with no page of changes, so it is not used: check its \`discovery.feeds\``,
    { registry, operation: 'discover' },
  );
}

function isUsable(cursor: unknown): cursor is string {
  return typeof cursor === 'string' && cursor.length <= LONGEST_CURSOR;
}
