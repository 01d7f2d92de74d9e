import type { FeedPage, Listing } from '../contracts/discovery.js';
import { RegistryUnavailableError } from '../core/errors.js';

/** Far longer than the position of any registry, which travels in each request. */
const LONGEST_CURSOR = 1_024;

/** Far longer than an answer should be believed. */
const LONGEST_FRESH_MS = 300_000;

/** What goes through as it came; anything else counts as not said. */
const usable = {
  cursor: isUsable,
  revision: Number.isSafeInteger,
  freshForMs: (value: unknown) => typeof value === 'number' && value >= 0 && value <= LONGEST_FRESH_MS,
} satisfies { readonly [Field in keyof Listing]?: (value: unknown) => boolean };

/** The answer to a poll, with a cursor that can be sent back, and numbers that count. Throws if it is no list. */
export function boundedListing(registry: string, answer: Listing): Listing {
  const { instances, ...rest } = (answer ?? {}) as { readonly [Field in keyof Listing]?: unknown };
  if (!Array.isArray(instances))
    throw new RegistryUnavailableError(
      `${registry} answered discover with no list of instances, so it is not used: check its \`discovery.poll\``,
      { registry, operation: 'discover' },
    );
  const unusable = Object.entries(usable).flatMap(([field, isUsable]) => {
    const value = rest[field as keyof typeof usable];
    return value === undefined || isUsable(value) ? [] : field;
  });
  if (unusable.length === 0) return answer;
  return Object.fromEntries(Object.entries(answer).filter(([field]) => !unusable.includes(field))) as typeof answer;
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
