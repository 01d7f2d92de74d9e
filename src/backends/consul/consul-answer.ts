import type { IncomingHttpHeaders } from 'node:http';

/** What the agent said, whatever the status: only the verb knows what a status means to it. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

/** The agent no longer has the check: newer agents say 404, 1.8 says 500 with one of two texts. */
export function meansLost({ status, text }: Answer): boolean {
  return status === 404 || (status === 500 && /associated TTL|Unknown check/i.test(text));
}

/** The agent has nothing to deregister. */
export function meansAbsent({ status, text }: Answer): boolean {
  return status === 404 || (status === 500 && /Unknown service/i.test(text));
}
