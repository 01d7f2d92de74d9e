import { RegistryDeniedError, RegistryRejectedError, RegistryUnavailableError, isError } from '../../core/errors.js';
import type { ErrorContext, RegistrarError } from '../../core/errors.js';
import { quoted } from '../../core/printable.js';
import { isProgramError } from '../../core/program-error.js';
import { tlsFault } from '../../net/tls-errors.js';
import type { TlsFault } from '../../net/tls-errors.js';
import type { Answer } from './consul-answer.js';
import { isCertain, meaningOf } from './consul-meanings.js';
import type { Meaning, RefusalKind } from './consul-meanings.js';

/** The most of the agent's answer that a message quotes, to keep log lines short. */
const LONGEST_WORDS = 1000;

/** The pause after an answer that did not come from the agent itself. */
const NOT_THE_AGENT_MS = 1_000;

const classes: Readonly<Record<RefusalKind, new (message: string, context?: ErrorContext) => RegistrarError>> = {
  transient: RegistryUnavailableError,
  denied: RegistryDeniedError,
  malformed: RegistryRejectedError,
};

/** Translates an unexpected response into an error of ours: the one place where Consul's wire errors are translated. */
export function refusal(answer: Answer, operation: string, shown: string): RegistrarError {
  const meaning = meaningOf(answer, operation);
  const words = wordsOf(answer);
  const said = words === '' ? '' : `: ${words.replace(/\.$/, '')}`;
  const advice = typeof meaning.advice === 'string' ? meaning.advice : meaning.advice(operation);
  return new classes[meaning.kind](
    `Consul at ${shown} answered ${operation} with HTTP ${String(answer.status)}${said}. ${advice}`,
    {
      registry: 'consul',
      operation,
      retryAfterMs: retryAfterMsOf(answer, meaning),
      answered: isCertain(answer, meaning),
    },
  );
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
  'no certificate': 'If it requires a client certificate, set consul({ tls: { cert, key } }). If not, start it there',
  'not TLS': "It does not speak TLS there: set the endpoint to the agent's HTTPS port, or begin it with 'http://'",
  'no handshake': "If it runs, set the endpoint to the agent's HTTPS port, or begin it with 'http://'",
};

/** The error when no complete response arrived. */
export function unreachable(thrown: unknown, operation: string, shown: string): RegistrarError {
  const cause = isError(thrown) ? thrown : new Error(String(thrown));
  const context = { registry: 'consul', operation, cause };
  if (isProgramError(cause))
    return new RegistryUnavailableError(
      `rollcall failed in ${operation} at Consul at ${shown} (${cause.message}), so nothing is known of the agent: ` +
        'report this as a bug',
      context,
    );
  const why = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  const fault = tlsFault(cause);
  const hint =
    fault === undefined
      ? 'Start the agent there, or set consul({ endpoints }) or CONSUL_HTTP_ADDR to where it runs'
      : tlsHints[fault];
  return new RegistryUnavailableError(
    `Consul at ${shown} could not be reached for ${operation} (${why}). ${hint}`,
    context,
  );
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

/**
 * The pause that `Retry-After` requests, in seconds or as a date by the response's own clock. Without one, only an
 * answer that did not come from the agent itself gets a pause.
 */
function retryAfterMsOf({ headers }: Answer, { name }: Meaning): number | undefined {
  const retryAfter = headers['retry-after'];
  if (retryAfter !== undefined) {
    const ms = /^\d+$/.test(retryAfter)
      ? Number(retryAfter) * 1_000
      : Date.parse(retryAfter) - Date.parse(headers.date ?? '');
    if (Number.isFinite(ms)) return Math.max(0, ms);
  }
  return name === 'not the agent' ? NOT_THE_AGENT_MS : undefined;
}

function wordsOf({ text }: Answer): string {
  return quoted(text, LONGEST_WORDS);
}
