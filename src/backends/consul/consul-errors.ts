import { RegistryDeniedError, RegistryRejectedError, RegistryUnavailableError, isError } from '../../core/errors.js';
import type { RegistrarError } from '../../core/errors.js';
import { tlsFault } from '../../net/tls-errors.js';
import type { TlsFault } from '../../net/tls-errors.js';
import type { Answer } from './consul-answer.js';

/** The agent's words may be long; this is as much as a log line should carry. */
const LONGEST_WORDS = 1000;

const NOT_THE_AGENT_MS = 1_000;

/** What an answer other than the hoped-for one means, in our terms: the one place where Consul's wire errors are translated. */
export function refusal(answer: Answer, operation: string, shown: string): RegistrarError {
  const context = { registry: 'consul', operation, retryAfterMs: retryAfterMsOf(answer) };
  const words = wordsOf(answer);
  const said = `Consul at ${shown} answered ${operation} with HTTP ${String(answer.status)}${words === '' ? '' : `: ${words}`}`;
  switch (kindOf(answer)) {
    case 'denied':
      return new RegistryDeniedError(sentence(said, deniedHint(words, operation)), context);
    case 'rejected':
      return new RegistryRejectedError(sentence(said, rejectedHint(words)), context);
    case 'unavailable':
      return new RegistryUnavailableError(sentence(said, unavailableHint(answer.status)), context);
  }
}

const tlsHints: Readonly<Record<TlsFault, string>> = {
  untrusted:
    'Nobody who is trusted has signed its certificate: name its authority by consul({ tls: { ca } }) or CONSUL_CACERT',
  expired: 'Its certificate is out of date: the agent needs a new one',
  'other name':
    'Its certificate is for another name: give one that it carries by consul({ tls: { serverName } }) or CONSUL_TLS_SERVER_NAME',
  'client certificate':
    'It wants a client certificate that it trusts: consul({ tls: { cert, key } }), or CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY',
  'not TLS': "It does not speak TLS there: name the agent's HTTPS port, or begin the endpoint with 'http://'",
};

/** No answer at all, or one that broke off. */
export function unreachable(thrown: unknown, operation: string, shown: string): RegistrarError {
  const cause = isError(thrown) ? thrown : new Error(String(thrown));
  const why = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  const trouble = tlsFault(cause);
  const hint =
    trouble === undefined
      ? 'Is the agent running there? The place is set by consul({ endpoints }) or CONSUL_HTTP_ADDR'
      : tlsHints[trouble];
  return new RegistryUnavailableError(`Consul at ${shown} could not be reached to ${operation} (${why}). ${hint}`, {
    registry: 'consul',
    operation,
    cause,
  });
}

/** The client did not load, so no request was sent. */
export function notLoaded(thrown: unknown, operation: string): RegistrarError {
  const cause = isError(thrown) ? thrown : new Error(String(thrown));
  return new RegistryUnavailableError(
    `The package consul did not load, so that no request to ${operation} was sent (${cause.message}). Is it installed? A bundle that is an ES module has to define require`,
    { registry: 'consul', operation, cause },
  );
}

/** An answer of the right status whose body is not what an agent says. */
export function notConsul(operation: string, shown: string, cause?: unknown): RegistrarError {
  return new RegistryUnavailableError(
    `What ${shown} answered to ${operation} is not Consul's. Does consul({ endpoints }) or CONSUL_HTTP_ADDR name the agent's HTTP port?`,
    { registry: 'consul', operation, cause },
  );
}

function kindOf({ status, text }: Answer): 'denied' | 'rejected' | 'unavailable' {
  // A server's refusal that an agent passes on may be a 500.
  if (status === 401 || status === 403 || (status === 500 && /Permission denied|ACL not found/i.test(text)))
    return 'denied';
  // 404 to a verb that every agent knows comes from something in front of it, as redirects do: it may well pass.
  const passing = status < 400 || status >= 500 || status === 404 || status === 408 || status === 425 || status === 429;
  return passing ? 'unavailable' : 'rejected';
}

/** As the answer asks for: in seconds, or as a date, which the answer's own clock makes a time. What is not the agent itself is not asked again at once. */
function retryAfterMsOf({ status, headers }: Answer): number | undefined {
  const asked = headers['retry-after'];
  if (asked !== undefined) {
    const ms = /^\d+$/.test(asked) ? Number(asked) * 1_000 : Date.parse(asked) - Date.parse(headers.date ?? '');
    if (Number.isFinite(ms)) return Math.max(0, ms);
  }
  return status === 404 || (status >= 300 && status < 400) ? NOT_THE_AGENT_MS : undefined;
}

function wordsOf({ text }: Answer): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_WORDS ? `${line.slice(0, LONGEST_WORDS)}...` : line;
}

function sentence(said: string, hint: string | undefined): string {
  return hint === undefined ? said : `${said.replace(/\.$/, '')}. ${hint}`;
}

function deniedHint(words: string, operation: string): string {
  const place = operation === 'configure' ? 'consulKv(key, { token })' : 'consul({ token })';
  if (/ACL not found/i.test(words))
    return `The token is unknown there or was deleted: set ${place} or CONSUL_HTTP_TOKEN`;
  if (operation === 'configure')
    return `The token in ${place} or CONSUL_HTTP_TOKEN needs key:read on this key, as \`npx rollcall policy --kv\` prints it`;
  const right =
    operation === 'read' || operation === 'changed' || operation === 'list'
      ? 'service:read'
      : operation === 'discover'
        ? 'service:read and node:read'
        : 'service:write';
  return `The token in ${place} or CONSUL_HTTP_TOKEN needs ${right} on this service; \`npx rollcall policy\` prints all that it needs`;
}

function rejectedHint(words: string): string | undefined {
  if (/unknown field/i.test(words))
    return 'This agent is older than the field: leave the option out or upgrade the agent';
  if (/Enterprise/i.test(words)) return 'Leave namespace and partition out with the community edition';
  if (/HTTP request to an HTTPS server/i.test(words)) return "Begin the endpoint with 'https://'";
  return undefined;
}

function unavailableHint(status: number): string | undefined {
  if (status === 429) return 'The agent has too many requests or connections from here';
  if (status === 404 || (status >= 300 && status < 400)) return "Does the endpoint name the agent's HTTP port?";
  return undefined;
}
