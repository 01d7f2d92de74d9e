import type { IncomingHttpHeaders } from 'node:http';

/** One response of the agent, of any status: what a status means depends on the operation. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

/** A response with all of its body. `text` has its beginning, for messages. */
export interface WholeAnswer extends Answer {
  readonly body: Buffer;
}

/** True if the agent no longer has the check. Newer agents answer 404; 1.8 answers 500 with one of two texts. */
export function meansLost({ status, text }: Answer): boolean {
  return status === 404 || (status === 500 && /associated TTL|Unknown check/i.test(text));
}

/**
 * True if the agent has no such service to deregister, or to put into maintenance. Only in Consul's own words: any
 * proxy may answer 404.
 */
export function meansAbsent({ status, text }: Answer): boolean {
  return (status === 404 || status === 500) && /Unknown service|No service registered/i.test(text);
}
