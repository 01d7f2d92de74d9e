import { RegistryDeniedError, RegistryRejectedError, RegistryUnavailableError, isError } from '../../core/errors.js';
import type { ErrorContext, RegistrarError } from '../../core/errors.js';
import { quoted } from '../../core/printable.js';
import { isProgramError } from '../../core/program-error.js';
import { tlsFault } from '../../net/tls-errors.js';
import type { TlsFault } from '../../net/tls-errors.js';
import { faultOf } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';
import { meaningOf } from './etcd-meanings.js';
import type { Meaning, MeaningName, RefusalKind } from './etcd-meanings.js';

/** The most of the server's answer that a message quotes, to keep log lines short. */
const LONGEST_WORDS = 1000;

const classes: Readonly<Record<RefusalKind, new (message: string, context?: ErrorContext) => RegistrarError>> = {
  transient: RegistryUnavailableError,
  denied: RegistryDeniedError,
  malformed: RegistryRejectedError,
};

/** What the refusals that became errors of ours mean. */
const meaningsOfErrors = new WeakMap<object, Meaning>();

/** Translates an unexpected response into an error of ours: the one place where etcd's wire errors are translated. */
export function refusal(answer: Answer, operation: string, shown: string): RegistrarError {
  const meaning = meaningOf(answer);
  const words = quoted(faultOf(answer).message || answer.text, LONGEST_WORDS);
  const said = words === '' ? '' : `: ${words.replace(/\.$/, '')}`;
  const error = new classes[meaning.kind](
    `etcd at ${shown} answered ${operation} with HTTP ${String(answer.status)}${said}. ${meaning.advice}`,
    { registry: 'etcd', operation, answered: isKnown(meaning) },
  );
  meaningsOfErrors.set(error, meaning);
  return error;
}

/** True for a refusal by etcd of one of these names; without names, for each whose meaning is known. */
export function isRefusal(error: unknown, ...names: readonly MeaningName[]): boolean {
  const meaning = typeof error === 'object' && error !== null ? meaningsOfErrors.get(error) : undefined;
  if (meaning === undefined || !isKnown(meaning)) return false;
  return names.length === 0 || names.some((name) => name === meaning.name);
}

/** True if etcd itself has refused the request; after any other answer, it may still take effect. */
function isKnown({ name }: Meaning): boolean {
  return name !== 'unknown' && name !== 'no gateway';
}

const tlsHints: Readonly<Record<TlsFault, string>> = {
  untrusted:
    'No trusted authority has signed its certificate: set etcd({ tls: { ca } }) or ETCDCTL_CACERT to its authority',
  expired: 'Its certificate is out of date: renew it on etcd',
  'other name': 'Its certificate is for another name: set etcd({ tls: { serverName } }) to its name',
  'client certificate':
    'It requires a client certificate that it trusts: ' +
    'set etcd({ tls: { cert, key } }), or ETCDCTL_CERT and ETCDCTL_KEY',
  'no certificate': 'If it requires a client certificate, set etcd({ tls: { cert, key } }). If not, start it there',
  'not TLS': "It does not speak TLS there: set the endpoint to etcd's TLS port, or begin it with 'http://'",
  'no handshake': "If it runs, set the endpoint to etcd's TLS port, or begin it with 'http://'",
};

/** The error when no complete response arrived. */
export function unreachable(thrown: unknown, operation: string, shown: string): RegistrarError {
  const cause = isError(thrown) ? thrown : new Error(String(thrown));
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  const context = { registry: 'etcd', operation, cause };
  if (isProgramError(cause))
    return new RegistryUnavailableError(
      `rollcall failed before it sent ${operation} to etcd at ${shown} (${cause.message}): report this as a bug`,
      context,
    );
  if (code === 'ERR_ANSWER_TOO_LONG')
    return new RegistryUnavailableError(
      `etcd at ${shown} answered ${operation}, but ${cause.message}, so it is not used: raise that option`,
      context,
    );
  const fault = tlsFault(cause);
  const hint =
    fault === undefined
      ? 'Start it there, or set etcd({ endpoints }) or ETCDCTL_ENDPOINTS to where it runs'
      : tlsHints[fault];
  return new RegistryUnavailableError(
    `etcd at ${shown} could not be reached for ${operation} (${code ?? cause.message}). ${hint}`,
    context,
  );
}

/** The error for a response of the expected status whose body is not etcd's. */
export function notEtcd(operation: string, shown: string, cause?: unknown): RegistrarError {
  return new RegistryUnavailableError(
    `The body that ${shown} answered to ${operation} is not etcd's. ` +
      "Set etcd({ endpoints }) or ETCDCTL_ENDPOINTS to etcd's client port",
    { registry: 'etcd', operation, cause },
  );
}

/** The error when another writer changed the entry between our read and our write. */
export function overtaken(operation: string, id: string): RegistrarError {
  return new RegistryUnavailableError(
    `Another writer changed the entry ${id} in etcd during ${operation}, so nothing was written: try again`,
    { registry: 'etcd', operation },
  );
}
