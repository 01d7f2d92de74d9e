import { isError } from './is-error.js';
import { markPresented } from './is-presentable.js';
import { presented } from './presented.js';
import { presentable, printable } from './printable.js';
import { HIDDEN, mayHoldCredentials } from './secrets.js';

export { isError };

/** The code of every error that rollcall throws, rejects with or reports in an event. */
export type ErrorCode =
  | 'ROLLCALL_CONFIG'
  | 'ROLLCALL_NAME_INVALID'
  | 'ROLLCALL_ADDRESS_NOT_FOUND'
  | 'ROLLCALL_NOT_READY'
  | 'ROLLCALL_REGISTRY_UNAVAILABLE'
  | 'ROLLCALL_REGISTRY_REJECTED'
  | 'ROLLCALL_REGISTRY_DENIED'
  | 'ROLLCALL_REGISTRATION_LOST'
  | 'ROLLCALL_ALL_REGISTRIES_FAILED'
  | 'ROLLCALL_ID_CONFLICT'
  | 'ROLLCALL_CIRCUIT_OPEN'
  | 'ROLLCALL_NO_INSTANCE'
  | 'ROLLCALL_BACKEND_NOT_INSTALLED'
  | 'ROLLCALL_TIMEOUT'
  | 'ROLLCALL_HOOK_FAILED'
  | 'ROLLCALL_STOPPED';

/** Where an error came from; every field is safe to print. */
export interface ErrorContext {
  /** The registry that answered, e.g. `consul`. */
  readonly registry?: string | undefined;
  /** The operation that failed, e.g. `register`. */
  readonly operation?: string | undefined;
  /** What the server's `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** True if the registry has answered that it refuses the request, so that it cannot take effect later. */
  readonly answered?: boolean | undefined;
  readonly cause?: unknown;
}

/**
 * Base class of every error that rollcall creates, safe to print with all its causes. Compare `code`, not the class: a
 * worker thread or a second copy of the package has different classes.
 */
export class RegistrarError extends Error {
  readonly code: ErrorCode;
  /**
   * True when the same call can succeed later without any change of options or rights. A fallback chain tries its next
   * registry only after such an error.
   */
  readonly retryable: boolean;
  readonly registry?: string;
  readonly operation?: string;
  readonly retryAfterMs?: number;
  /** True if the registry has answered that it refuses the request, so that it cannot take effect later. */
  readonly answered?: boolean;

  constructor(code: ErrorCode, message: string, retryable: boolean, context: ErrorContext = {}) {
    super(presentable(message), context.cause === undefined ? undefined : { cause: presented(context.cause) });
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
    markPresented(this);
    if (context.registry !== undefined) this.registry = context.registry;
    if (context.operation !== undefined) this.operation = context.operation;
    if (context.retryAfterMs !== undefined) this.retryAfterMs = context.retryAfterMs;
    if (context.answered === true) this.answered = true;
  }
}

/** The most characters of a value that a message shows, and that an issue has. */
const LONGEST_SHOWN = 80;
const LONGEST_VALUE = 1_000;

/** One thing that is wrong with the options. */
export interface ConfigIssue {
  /** Path of the option, e.g. `checks.http.interval`. */
  readonly field: string;
  /** The value that was given; not one that may hold a secret, as a URL may, and only the kind of an object. */
  readonly value: unknown;
  /** What is allowed instead. */
  readonly allowed: string;
}

/** The options are invalid. Lists every problem; thrown before any network request. */
export class ConfigError extends RegistrarError {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    const shown = issues.map((issue) => ({ ...issue, value: shownValue(issue.value) }));
    const lines = shown.map(
      ({ field, value, allowed }, index) =>
        `  ${printable(field)}: got ${show(value, typeof issues[index]?.value === 'string')}; ${allowed}`,
    );
    super('ROLLCALL_CONFIG', `rollcall cannot start with these options:\n${lines.join('\n')}`, false);
    this.issues = presented(shown);
  }
}

/** The parts do not form a valid name. */
export class NameInvalidError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_NAME_INVALID', message, false, context);
  }
}

/** No address to advertise was found. Set `address` or `SERVICE_ADDRESS`. */
export class AddressNotFoundError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_ADDRESS_NOT_FOUND', message, false, context);
  }
}

/** The server does not listen yet, or `ready` has not returned true; `cause` has the error behind it, if any. */
export class NotReadyError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_NOT_READY', message, true, context);
  }
}

/** The registry cannot be reached, or answers that it is temporarily unable to serve. */
export class RegistryUnavailableError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_REGISTRY_UNAVAILABLE', message, true, context);
  }
}

/** The registry rejects the request as malformed (HTTP 400 and the like), so a retry cannot succeed. */
export class RegistryRejectedError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_REGISTRY_REJECTED', message, false, context);
  }
}

/** The registry denies access (HTTP 401, 403). Retried slowly, because a token can be granted or replaced. */
export class RegistryDeniedError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_REGISTRY_DENIED', message, false, context);
  }
}

/**
 * How a registration was lost. `missing`: the registry has no such entry; `expired`: it accepted no heartbeat for a
 * whole TTL; `denied`: it refuses our token; `taken`: another writer replaced the entry; `silent`: it does not answer,
 * so the chain moves on.
 */
export type LossCause = 'missing' | 'expired' | 'denied' | 'taken' | 'silent';

/**
 * The registry no longer has the registration that a heartbeat renews. `loss` says how it was lost.
 * @default 'missing'
 */
export class RegistrationLostError extends RegistrarError {
  readonly loss: LossCause;

  constructor(message: string, { loss = 'missing', ...context }: ErrorContext & { readonly loss?: LossCause } = {}) {
    super('ROLLCALL_REGISTRATION_LOST', message, true, context);
    this.loss = loss;
  }
}

/** Every registry of a chain failed. `errors` has the error of each, the preferred registry first. */
export class AllRegistriesFailedError extends RegistrarError {
  readonly errors: readonly Error[];

  constructor(errors: readonly Error[], context?: ErrorContext) {
    const causes = errors.map(({ message }) => message).join('; ');
    super('ROLLCALL_ALL_REGISTRIES_FAILED', `every registry of the chain failed: ${causes}`, true, context);
    this.errors = presented(errors);
  }
}

/**
 * Another instance has our id. `proven`: it stayed alive for a whole TTL. Retryable unless `onIdConflict` is 'fail'.
 */
export class IdConflictError extends RegistrarError {
  readonly proven: boolean;

  constructor(
    message: string,
    verdict: { proven: boolean; final: boolean } = { proven: false, final: false },
    context?: ErrorContext,
  ) {
    super('ROLLCALL_ID_CONFLICT', message, !verdict.final, context);
    this.proven = verdict.proven;
  }
}

/**
 * The call was not made: its component is failing and has `onFail: 'break'`, or none of the registries that a chain
 * reads has been answering.
 */
export class CircuitOpenError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_CIRCUIT_OPEN', message, true, context);
  }
}

/** There is no instance to call; the message says why. */
export class NoInstanceError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_NO_INSTANCE', message, true, context);
  }
}

/** A registry needs a package that is not installed; the message has the command that installs it. */
export class BackendNotInstalledError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_BACKEND_NOT_INSTALLED', message, false, context);
  }
}

/** An operation exceeded its deadline. */
export class TimeoutError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_TIMEOUT', message, true, context);
  }
}

/** A hook of `registrar.onStop` threw or took too long; `cause` has the reason. */
export class HookFailedError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_HOOK_FAILED', message, false, context);
  }
}

/** The Registrar has been stopped and cannot be started again. */
export class StoppedError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_STOPPED', message, false, context);
  }
}

/** True for every error that rollcall creates, also by another copy of the package. */
export function isRegistrarError(error: unknown): error is RegistrarError {
  return isError(error) && 'code' in error && typeof error.code === 'string' && error.code.startsWith('ROLLCALL_');
}

/** True when `error` carries the given code, e.g. `hasCode(error, 'ROLLCALL_TIMEOUT')`. */
export function hasCode(error: unknown, code: ErrorCode): error is RegistrarError {
  return isRegistrarError(error) && error.code === code;
}

/** True for an error that only the caller can fix: invalid options, no address, or an id that another instance uses. */
export function isCallersMistake(error: unknown): boolean {
  if (hasCode(error, 'ROLLCALL_ID_CONFLICT')) return !error.retryable;
  return hasCode(error, 'ROLLCALL_CONFIG') || hasCode(error, 'ROLLCALL_ADDRESS_NOT_FOUND');
}

/** Converts any thrown value to an Error, so that the code after a `catch` handles one type. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(String(thrown));
}

/** A value as an error may show it. */
function shownValue(value: unknown): unknown {
  if (typeof value === 'string') return mayHoldCredentials(value) ? HIDDEN : presentable(value.slice(0, LONGEST_VALUE));
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? 'an array' : 'an object';
}

function show(value: unknown, isText: boolean): string {
  return printable(isText ? JSON.stringify(value) : String(value), LONGEST_SHOWN);
}
