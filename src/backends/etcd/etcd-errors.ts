import { RegistryDeniedError, RegistryRejectedError, RegistryUnavailableError, isError } from '../../core/errors.js';
import type { RegistrarError } from '../../core/errors.js';
import { asksForToken, faultOf } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';

/** The most of the server's answer that a message quotes, to keep log lines short. */
const LONGEST_WORDS = 1000;

const ENDPOINT_HINT = "Set etcd({ endpoints }) or ETCDCTL_ENDPOINTS to etcd's client port";

const PERMISSION_DENIED = 7;
/**
 * gRPC codes that blame the server and not the request: not found, resource exhausted, aborted, internal,
 * unavailable.
 */
const temporaryCodes = [5, 8, 10, 13, 14];

/** Translates an unexpected response into an error of ours: the one place where etcd's wire errors are translated. */
export function refusal(answer: Answer, operation: string, shown: string): RegistrarError {
  const context = { registry: 'etcd', operation };
  const { code, message } = faultOf(answer);
  const words = (message || answer.text).replace(/\s+/g, ' ').trim().slice(0, LONGEST_WORDS);
  const { status } = answer;
  const quoted = words === '' ? '' : `: ${words}`;
  const outcome = `etcd at ${shown} answered ${operation} with HTTP ${String(status)}${quoted}`;
  if (asksForToken(answer) || /authentication failed/i.test(message)) {
    return new RegistryDeniedError(
      `${outcome}. Set etcd({ username, password }), or ETCDCTL_USER and ETCDCTL_PASSWORD, to a user that etcd knows`,
      context,
    );
  }
  if (status === 403 || code === PERMISSION_DENIED) {
    return new RegistryDeniedError(
      `${outcome}. Grant the user readwrite on the prefixes ` +
        '`/rollcall/<name>/` and `<name>/`, or those of your layout',
      context,
    );
  }
  const isTemporary =
    status < 400 ||
    status >= 500 ||
    status === 404 ||
    status === 408 ||
    status === 425 ||
    status === 429 ||
    (code !== undefined && temporaryCodes.includes(code));
  if (!isTemporary)
    return new RegistryRejectedError(`${outcome}. A retry cannot help: correct the value that it refuses`, context);
  const isNotEtcd = status === 404 && code === undefined;
  return new RegistryUnavailableError(
    isNotEtcd
      ? `${outcome}. ${ENDPOINT_HINT}, with its JSON gateway enabled`
      : `${outcome}. If this lasts, check the cluster`,
    context,
  );
}

/** The error when no complete response arrived. */
export function unreachable(thrown: unknown, operation: string, shown: string): RegistrarError {
  const cause = isError(thrown) ? thrown : new Error(String(thrown));
  const why = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  return new RegistryUnavailableError(
    `etcd at ${shown} could not be reached for ${operation} (${why}). ` +
      'Start it there, or set etcd({ endpoints }) or ETCDCTL_ENDPOINTS to where it runs',
    { registry: 'etcd', operation, cause },
  );
}

/** The error for a response of the expected status whose body is not etcd's. */
export function notEtcd(operation: string, shown: string, cause?: unknown): RegistrarError {
  return new RegistryUnavailableError(
    `The body that ${shown} answered to ${operation} is not etcd's. ${ENDPOINT_HINT}`,
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
