import { RegistryDeniedError, RegistryRejectedError, RegistryUnavailableError, isError } from '../../core/errors.js';
import type { RegistrarError } from '../../core/errors.js';
import { quoted } from '../../core/printable.js';
import { tlsFault } from '../../net/tls-errors.js';
import type { TlsFault } from '../../net/tls-errors.js';
import type { Answer } from './consul-answer.js';

/** The most of the agent's answer that a message quotes, to keep log lines short. */
const LONGEST_WORDS = 1000;

/** The pause after an answer that did not come from the agent itself. */
const NOT_THE_AGENT_MS = 1_000;

/** Translates an unexpected response into an error of ours: the one place where Consul's wire errors are translated. */
export function refusal(answer: Answer, operation: string, shown: string): RegistrarError {
  const context = { registry: 'consul', operation, retryAfterMs: retryAfterMsOf(answer) };
  const words = wordsOf(answer);
  const said = words === '' ? '' : `: ${words}`;
  const outcome = `Consul at ${shown} answered ${operation} with HTTP ${String(answer.status)}${said}`;
  switch (kindOf(answer)) {
    case 'denied':
      return new RegistryDeniedError(withHint(outcome, deniedHint(words, operation)), context);
    case 'rejected':
      return new RegistryRejectedError(withHint(outcome, rejectedHint(words)), context);
    case 'unavailable':
      return new RegistryUnavailableError(withHint(outcome, unavailableHint(answer.status)), context);
  }
}

const ENDPOINT_HINT = "Set consul({ endpoints }) or CONSUL_HTTP_ADDR to the agent's HTTP port";

const tlsHints: Readonly<Record<TlsFault, string>> = {
  untrusted:
    'No trusted authority has signed its certificate: set consul({ tls: { ca } }) or CONSUL_CACERT to its authority',
  expired: 'Its certificate is out of date: renew it on the agent',
  'other name':
    'Its certificate is for another name: set consul({ tls: { serverName } }) or CONSUL_TLS_SERVER_NAME to its name',
  'client certificate':
    'It requires a client certificate that it trusts: ' +
    'set consul({ tls: { cert, key } }), or CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY',
  'not TLS': "It does not speak TLS there: set the endpoint to the agent's HTTPS port, or begin it with 'http://'",
};

/** The error when no complete response arrived. */
export function unreachable(thrown: unknown, operation: string, shown: string): RegistrarError {
  const cause = isError(thrown) ? thrown : new Error(String(thrown));
  const why = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  const fault = tlsFault(cause);
  const hint =
    fault === undefined
      ? 'Start the agent there, or set consul({ endpoints }) or CONSUL_HTTP_ADDR to where it runs'
      : tlsHints[fault];
  return new RegistryUnavailableError(`Consul at ${shown} could not be reached for ${operation} (${why}). ${hint}`, {
    registry: 'consul',
    operation,
    cause,
  });
}

/** The error when the npm client does not load. */
export function notLoaded(thrown: unknown, operation: string): RegistrarError {
  const cause = isError(thrown) ? thrown : new Error(String(thrown));
  return new RegistryUnavailableError(
    `The Consul client did not load (${cause.message}), so no ${operation} request was sent. ` +
      'Check that all files of rollcall are where it was installed',
    { registry: 'consul', operation, cause },
  );
}

/** The error for a response of the expected status whose body is not Consul's. */
export function notConsul(operation: string, shown: string, cause?: unknown): RegistrarError {
  // A SyntaxError quotes the body, which may hold secrets.
  const why = cause instanceof TypeError ? ` (${cause.message})` : '';
  return new RegistryUnavailableError(
    `The body that ${shown} answered to ${operation} is not Consul's${why}. ${ENDPOINT_HINT}`,
    { registry: 'consul', operation, cause },
  );
}

function kindOf({ status, text }: Answer): 'denied' | 'rejected' | 'unavailable' {
  // A server's refusal that the agent forwards can be a 500.
  if (status === 401 || status === 403 || (status === 500 && /Permission denied|ACL not found/i.test(text)))
    return 'denied';
  // Every agent knows our paths, so a 404 or a redirect comes from something in front of it and may be temporary.
  const isTemporary =
    status < 400 || status >= 500 || status === 404 || status === 408 || status === 425 || status === 429;
  return isTemporary ? 'unavailable' : 'rejected';
}

/**
 * The pause that `Retry-After` requests, in seconds or as a date by the response's own clock. Without one, only an
 * answer that did not come from the agent itself gets a pause.
 */
function retryAfterMsOf({ status, headers }: Answer): number | undefined {
  const retryAfter = headers['retry-after'];
  if (retryAfter !== undefined) {
    const ms = /^\d+$/.test(retryAfter)
      ? Number(retryAfter) * 1_000
      : Date.parse(retryAfter) - Date.parse(headers.date ?? '');
    if (Number.isFinite(ms)) return Math.max(0, ms);
  }
  return status === 404 || (status >= 300 && status < 400) ? NOT_THE_AGENT_MS : undefined;
}

function wordsOf({ text }: Answer): string {
  return quoted(text, LONGEST_WORDS);
}

function withHint(outcome: string, hint: string): string {
  return `${outcome.replace(/\.$/, '')}. ${hint}`;
}

function deniedHint(words: string, operation: string): string {
  const option = operation === 'configure' ? 'consulKv(key, { token })' : 'consul({ token })';
  const token = `the token in ${option} or CONSUL_HTTP_TOKEN`;
  if (/ACL not found/i.test(words))
    return `The token is unknown there or was deleted: set ${option} or CONSUL_HTTP_TOKEN to a valid one`;
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

function rejectedHint(words: string): string {
  if (/unknown field/i.test(words))
    return 'This agent is older than the field: leave the option out, or upgrade the agent';
  if (/Enterprise/i.test(words)) return 'Leave namespace and partition out: only Consul Enterprise has them';
  if (/HTTP request to an HTTPS server/i.test(words)) return "Begin the endpoint with 'https://'";
  return 'A retry cannot help: correct the value that it refuses';
}

function unavailableHint(status: number): string {
  if (status === 429)
    return 'The agent has too many requests or connections from this host: raise its `limits`, or send fewer';
  if (status === 404 || (status >= 300 && status < 400)) return ENDPOINT_HINT;
  return 'If this lasts, check the agent and its servers';
}
