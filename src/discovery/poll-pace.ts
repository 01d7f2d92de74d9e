/** As Consul's own clients pace their watches: a few changes are seen at once, a stream of them each second. */
export const POLL_PACE = { burst: 2, refillMs: 1_000 };
/** The interval of polls that nothing but time begins. */
export const POLL_EVERY_MS = 1_000;
