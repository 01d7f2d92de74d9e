import { RegistryDeniedError, RegistryRejectedError, RegistryUnavailableError, isError } from '../../core/errors.js';
import type { RegistrarError } from '../../core/errors.js';
import { asksForToken, faultOf } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';

/** The server's words may be long; this is as much as a log line should carry. */
const LONGEST_WORDS = 1000;

const PERMISSION_DENIED = 7;
/** Nothing is wrong with what was sent: gRPC's not found, resource exhausted, aborted, internal and unavailable. */
const passing = [5, 8, 10, 13, 14];

/** What an answer other than the hoped-for one means, in our terms: the one place where etcd's wire errors are translated. */
export function refusal(answer: Answer, operation: string, shown: string): RegistrarError {
  const context = { registry: 'etcd', operation };
  const { code, message } = faultOf(answer);
  const words = (message || answer.text).replace(/\s+/g, ' ').trim().slice(0, LONGEST_WORDS);
  const said = `etcd at ${shown} answered ${operation} with HTTP ${String(answer.status)}${words === '' ? '' : `: ${words}`}`;
  const { status } = answer;
  if (asksForToken(answer) || /authentication failed/i.test(message)) {
    return new RegistryDeniedError(`${said}. Set etcd({ username, password }) to a user that etcd knows`, context);
  }
  if (status === 403 || code === PERMISSION_DENIED) {
    return new RegistryDeniedError(
      `${said}. The user needs readwrite on the prefixes \`/rollcall/<name>/\` and \`<name>/\`, or those of your layout`,
      context,
    );
  }
  const passes =
    status < 400 ||
    status >= 500 ||
    status === 404 ||
    status === 408 ||
    status === 425 ||
    status === 429 ||
    (code !== undefined && passing.includes(code));
  if (!passes) return new RegistryRejectedError(said, context);
  const isGateway = status === 404 && code === undefined;
  return new RegistryUnavailableError(
    isGateway ? `${said}. Does the endpoint name the clients' port of etcd, with its JSON gateway on?` : said,
    context,
  );
}

/** No answer at all, or one that broke off. */
export function unreachable(thrown: unknown, operation: string, shown: string): RegistrarError {
  const cause = isError(thrown) ? thrown : new Error(String(thrown));
  const why = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  return new RegistryUnavailableError(
    `etcd at ${shown} could not be reached to ${operation} (${why}). Is it running there? The place is set by etcd({ endpoints }) or ETCDCTL_ENDPOINTS`,
    { registry: 'etcd', operation, cause },
  );
}

/** An answer of the right status whose body is not what etcd says. */
export function notEtcd(operation: string, shown: string, cause?: unknown): RegistrarError {
  return new RegistryUnavailableError(
    `What ${shown} answered to ${operation} is not etcd's. Does etcd({ endpoints }) or ETCDCTL_ENDPOINTS name the clients' port?`,
    { registry: 'etcd', operation, cause },
  );
}

/** Between a look and the write that follows from it somebody else has written. */
export function overtaken(operation: string, id: string): RegistrarError {
  return new RegistryUnavailableError(`Somebody else wrote the entry ${id} in etcd during ${operation}`, {
    registry: 'etcd',
    operation,
  });
}
