import { printable } from './printable.js';

/** Codes of every error rollcall throws, rejects with or reports in an event. */
export type ErrorCode =
  | 'ROLLCALL_CONFIG'
  | 'ROLLCALL_NAME_INVALID'
  | 'ROLLCALL_ADDRESS_NOT_FOUND'
  | 'ROLLCALL_REGISTRY_UNAVAILABLE'
  | 'ROLLCALL_REGISTRY_REJECTED'
  | 'ROLLCALL_REGISTRY_DENIED'
  | 'ROLLCALL_REGISTRATION_LOST'
  | 'ROLLCALL_ALL_REGISTRIES_FAILED'
  | 'ROLLCALL_ID_CONFLICT'
  | 'ROLLCALL_CIRCUIT_OPEN'
  | 'ROLLCALL_BACKEND_NOT_INSTALLED'
  | 'ROLLCALL_TIMEOUT'
  | 'ROLLCALL_HOOK_FAILED'
  | 'ROLLCALL_STOPPED';

/** Where an error came from; every field is safe to print. */
export interface ErrorContext {
  /** The registry that answered, e.g. `consul`. */
  readonly registry?: string | undefined;
  /** The verb that was tried, e.g. `register`. */
  readonly operation?: string | undefined;
  /** How long whoever answered wants to be left alone, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Base of every error rollcall makes. Test `code`, not the class: a worker or a second copy of the package has classes of its own. */
export class RegistrarError extends Error {
  readonly code: ErrorCode;
  /** True when the same call may succeed later without anyone changing anything. Only such an error moves a fallback chain on. */
  readonly retryable: boolean;
  readonly registry?: string;
  readonly operation?: string;
  readonly retryAfterMs?: number;

  constructor(code: ErrorCode, message: string, retryable: boolean, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
    if (context.registry !== undefined) this.registry = context.registry;
    if (context.operation !== undefined) this.operation = context.operation;
    if (context.retryAfterMs !== undefined) this.retryAfterMs = context.retryAfterMs;
  }
}

/** How much of a value a message shows. */
const LONGEST_SHOWN = 80;

/** One thing that is wrong with the options. */
export interface ConfigIssue {
  /** Path of the option, e.g. `checks.http.interval`. */
  readonly field: string;
  /** The value that was given. */
  readonly value: unknown;
  /** What is allowed instead. */
  readonly allowed: string;
}

/** The options cannot work. Names every problem at once; thrown before anything touches the network. */
export class ConfigError extends RegistrarError {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    const lines = issues.map(({ field, value, allowed }) => `  ${printable(field)}: got ${show(value)}; ${allowed}`);
    super('ROLLCALL_CONFIG', `rollcall cannot start with these options:\n${lines.join('\n')}`, false);
    this.issues = issues;
  }
}

/** No name can be made of these parts. */
export class NameInvalidError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_NAME_INVALID', message, false, context);
  }
}

/** No address to advertise could be found. Set `address` or `SERVICE_ADDRESS`. */
export class AddressNotFoundError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_ADDRESS_NOT_FOUND', message, false, context);
  }
}

/** The registry could not be reached, or answered that it cannot serve just now. */
export class RegistryUnavailableError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_REGISTRY_UNAVAILABLE', message, true, context);
  }
}

/** The registry refused what was sent as malformed (HTTP 400 and the like): sending it again cannot help. */
export class RegistryRejectedError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_REGISTRY_REJECTED', message, false, context);
  }
}

/** The registry refused us for lack of rights (HTTP 401, 403). Tried again, slowly: a token may be granted or replaced. */
export class RegistryDeniedError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_REGISTRY_DENIED', message, false, context);
  }
}

/**
 * How a registration was lost. `missing`: the registry answered that it has no such entry; `expired`: no beat was accepted for a whole
 * TTL; `denied`: it refuses our token; `taken`: another writer replaced the entry; `silent`: a chain moves on from a registry that does not answer.
 */
export type LossCause = 'missing' | 'expired' | 'denied' | 'taken' | 'silent';

/** The registry no longer holds the registration that was to be renewed. `loss` says how it was lost. @default 'missing' */
export class RegistrationLostError extends RegistrarError {
  readonly loss: LossCause;

  constructor(message: string, { loss = 'missing', ...context }: ErrorContext & { readonly loss?: LossCause } = {}) {
    super('ROLLCALL_REGISTRATION_LOST', message, true, context);
    this.loss = loss;
  }
}

/** No registry of a chain could do it. `errors` has what each of them said, the preferred one first. */
export class AllRegistriesFailedError extends RegistrarError {
  readonly errors: readonly Error[];

  constructor(errors: readonly Error[], context?: ErrorContext) {
    const said = errors.map(({ message }) => message).join('; ');
    super('ROLLCALL_ALL_REGISTRIES_FAILED', `no registry of the chain gave an answer: ${said}`, true, context);
    this.errors = errors;
  }
}

/** Another live instance holds our id. `proven`: it was watched for a TTL and lives. Retryable unless `onIdConflict` says 'fail'. */
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

/** Not called: the component that stands for it is failing and has `onFail: 'break'`, or no registry of a chain that is to be read has been answering. */
export class CircuitOpenError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_CIRCUIT_OPEN', message, true, context);
  }
}

/** A registry needs a package that is not installed; the message has the command. */
export class BackendNotInstalledError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_BACKEND_NOT_INSTALLED', message, false, context);
  }
}

/** Something took longer than it was given. */
export class TimeoutError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_TIMEOUT', message, true, context);
  }
}

/** A hook of `registrar.onStop` threw or took too long; `cause` has why. */
export class HookFailedError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_HOOK_FAILED', message, false, context);
  }
}

/** The Registrar has been stopped; a stopped one does not start again. */
export class StoppedError extends RegistrarError {
  constructor(message: string, context?: ErrorContext) {
    super('ROLLCALL_STOPPED', message, false, context);
  }
}

/** True for every error, also for those of another realm, as Node's own are in Jest: `instanceof` does not know them. */
export function isError(thrown: unknown): thrown is Error {
  return Object.prototype.toString.call(thrown) === '[object Error]' || thrown instanceof Error;
}

/** True for every error rollcall makes, also across copies of the package. */
export function isRegistrarError(error: unknown): error is RegistrarError {
  return isError(error) && 'code' in error && typeof error.code === 'string' && error.code.startsWith('ROLLCALL_');
}

/** True when `error` carries the given code, e.g. `hasCode(error, 'ROLLCALL_TIMEOUT')`. */
export function hasCode(error: unknown, code: ErrorCode): error is RegistrarError {
  return isRegistrarError(error) && error.code === code;
}

/** What another try cannot mend because the caller asked for it: bad options, no address to be found, an id that another instance keeps. */
export function isCallersMistake(error: unknown): boolean {
  if (hasCode(error, 'ROLLCALL_ID_CONFLICT')) return !error.retryable;
  return hasCode(error, 'ROLLCALL_CONFIG') || hasCode(error, 'ROLLCALL_ADDRESS_NOT_FOUND');
}

/** Any thrown value as an Error, so that the code after a `catch` has one shape to deal with. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(String(thrown));
}

function show(value: unknown): string {
  try {
    return printable(
      typeof value === 'string' ? JSON.stringify(value.slice(0, LONGEST_SHOWN)) : String(value),
      LONGEST_SHOWN,
    );
  } catch {
    // An object may refuse to be a text.
    return typeof value;
  }
}
