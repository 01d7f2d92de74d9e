import type { Answer } from './consul-answer.js';

/**
 * `transient`: the same request can succeed later. `denied`: only another token, other credentials or rights help.
 * `malformed`: Consul refuses the data themselves, which its words name.
 */
export type RefusalKind = 'transient' | 'denied' | 'malformed';

export type MeaningName =
  | 'unknown check'
  | 'unknown service'
  | 'unknown token'
  | 'no right'
  | 'no credentials'
  | 'blocked'
  | 'unknown field'
  | 'enterprise'
  | 'invalid data'
  | 'too large'
  | 'plain text'
  | 'no servers'
  | 'rate limit'
  | 'not the agent';

export interface Meaning {
  readonly name: MeaningName | 'unknown';
  readonly kind: RefusalKind;
  /** The next step, for people. */
  readonly advice: string | ((operation: string) => string);
}

/** How to recognize a refusal: by its words, and by the status. */
interface Row extends Meaning {
  readonly words?: RegExp;
  readonly statuses?: readonly number[];
  /** @default every operation */
  readonly operation?: string;
}

/** The agent's own words are short. */
const LONGEST_TEXT = 4_096;
const AGAIN = 'The entry is registered again';
const ENDPOINT = "Set consul({ endpoints }) or CONSUL_HTTP_ADDR to the agent's HTTP port";
const LIMITS = 'The agent has too many requests or connections from this host: raise its `limits`, or send fewer';

/** What Consul's refusals mean. The first row that matches counts. The words are those of 1.8 and later. */
export const meanings: readonly Row[] = [
  {
    name: 'unknown check',
    kind: 'transient',
    words: /associated TTL|Unknown check/i,
    statuses: [404, 500],
    advice: AGAIN,
  },
  {
    name: 'unknown service',
    kind: 'transient',
    words: /Unknown service|No service registered/i,
    statuses: [404, 500],
    advice: AGAIN,
  },
  // A server's refusal that the agent forwards can be a 500.
  {
    name: 'unknown token',
    kind: 'denied',
    words: /ACL not found/i,
    statuses: [401, 403, 500],
    advice: (operation) =>
      `The token is unknown there or was deleted: set ${tokenOption(operation)} or CONSUL_HTTP_TOKEN to a valid one`,
  },
  {
    name: 'blocked',
    kind: 'denied',
    words: /Endpoint is blocked|Access is restricted/i,
    statuses: [403],
    advice: "The agent's own configuration forbids it: change http_config.block_endpoints or allow_write_http_from",
  },
  {
    name: 'no right',
    kind: 'denied',
    words: /Permission denied|lacks permission/i,
    statuses: [403, 500],
    advice: grantRight,
  },
  {
    name: 'no credentials',
    kind: 'denied',
    statuses: [401, 407],
    advice:
      'It asks for credentials: set a user and password in the URL, or CONSUL_HTTP_AUTH, for a proxy in front of the ' +
      'agent, or consul({ token }) for the agent',
  },
  { name: 'no right', kind: 'denied', statuses: [403], advice: grantRight },
  {
    name: 'plain text',
    kind: 'transient',
    words: /HTTP request to an HTTPS server/i,
    statuses: [400],
    advice: "Begin the endpoint with 'https://'",
  },
  {
    name: 'unknown field',
    kind: 'malformed',
    words: /unknown field/i,
    statuses: [400],
    advice: 'This agent is older than the field: leave the option out, or upgrade the agent',
  },
  {
    name: 'enterprise',
    kind: 'malformed',
    words: /Enterprise/i,
    statuses: [400],
    advice: 'Leave namespace and partition out: only Consul Enterprise has them',
  },
  {
    name: 'invalid data',
    kind: 'malformed',
    words: /^(Invalid (service|check:|weights)|Missing service name|Request decode failed: (json|time): )/i,
    statuses: [400],
    operation: 'register',
    advice: 'A retry cannot help: correct the value that it refuses',
  },
  { name: 'too large', kind: 'malformed', statuses: [413], operation: 'register', advice: 'Shorten `tags` and `meta`' },
  { name: 'rate limit', kind: 'transient', statuses: [429], advice: LIMITS },
  { name: 'rate limit', kind: 'transient', words: /rate limit/i, statuses: [500, 503], advice: LIMITS },
  {
    name: 'no servers',
    kind: 'transient',
    words: /No cluster leader|No known Consul servers/i,
    statuses: [500],
    advice: 'The agent does not reach its servers, or they have no leader: check them',
  },
  // Every agent knows our paths, so a 404 or a redirect comes from something in front of it and may be temporary.
  { name: 'not the agent', kind: 'transient', statuses: [301, 302, 303, 307, 308, 404], advice: ENDPOINT },
];

const unknown: Meaning = {
  name: 'unknown',
  kind: 'transient',
  advice: 'If this lasts, check the agent and its servers',
};

/** What a refusal means. One that no row describes is transient: it is not known to be about our data. */
export function meaningOf({ status, text }: Answer, operation: string): Meaning {
  const start = text.slice(0, LONGEST_TEXT);
  return (
    meanings.find(
      (row) =>
        row.words?.test(start) !== false &&
        row.statuses?.includes(status) !== false &&
        (row.operation ?? operation) === operation,
    ) ?? unknown
  );
}

/**
 * True if the request certainly has had no effect: who answers with a known meaning, or with a 4xx, has refused it.
 * After any other answer, such as that of a gateway which lost patience, it may still take effect.
 */
export function isCertain({ status }: Answer, { name }: Meaning): boolean {
  return name !== 'unknown' || (status >= 400 && status < 500 && status !== 408);
}

function tokenOption(operation: string): string {
  return operation === 'configure' ? 'consulKv(key, { token })' : 'consul({ token })';
}

function grantRight(operation: string): string {
  const token = `the token in ${tokenOption(operation)} or CONSUL_HTTP_TOKEN`;
  if (operation === 'configure')
    return `Grant ${token} key:read on this key; \`npx rollcall policy --kv\` prints the rule`;
  const right =
    operation === 'read' || operation === 'changed' || operation === 'list'
      ? 'service:read'
      : operation === 'discover'
        ? 'service:read and node:read'
        : 'service:write';
  return `Grant ${token} ${right} on this service; \`npx rollcall policy\` prints the rules`;
}

/**
 * True if a beat may have been refused for its output alone: something in front of the agent may not let every text
 * pass, and the health counts more than the reason.
 */
export function blamesOutput(answer: Answer): boolean {
  const { status } = answer;
  return status >= 400 && status < 500 && status !== 408 && meaningOf(answer, 'renew').name === 'unknown';
}
