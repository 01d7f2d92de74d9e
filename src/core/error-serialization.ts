import {
  AddressNotFoundError,
  AllRegistriesFailedError,
  BackendNotInstalledError,
  CircuitOpenError,
  ConfigError,
  HookFailedError,
  IdConflictError,
  NameInvalidError,
  NoInstanceError,
  NotReadyError,
  RegistrationLostError,
  RegistryDeniedError,
  RegistryRejectedError,
  RegistryUnavailableError,
  StoppedError,
  TimeoutError,
  asError,
} from './errors.js';
import type { ErrorCode, RegistrarError } from './errors.js';
import { presented } from './presented.js';

/** An error as plain data. Structured clone between threads would drop its class and its code. */
export interface SerializedError {
  readonly message: string;
  readonly stack?: string | undefined;
  /** Its other properties with a plain value: `code`, `syscall`, `retryable` … */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: SerializedError;
  readonly errors?: readonly SerializedError[];
}

/** Limits the recursion, since causes can form a cycle. */
const DEEPEST_CAUSE = 8;

/** Converts an error to data that can be posted to another thread, without secrets. */
export function serializeError(thrown: Error, depth = 0): SerializedError {
  const error = depth === 0 ? presented(thrown) : thrown;
  const { message, stack, cause } = error;
  const fields = Object.fromEntries(
    Object.entries(error).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  ) as SerializedError['fields'];
  const inner = (each: unknown) => serializeError(asError(each), depth + 1);
  const includesInner = depth < DEEPEST_CAUSE;
  const errors =
    includesInner && 'errors' in error && Array.isArray(error.errors) ? error.errors.map(inner) : undefined;
  return {
    message,
    stack,
    fields,
    ...(includesInner && cause !== undefined && { cause: inner(cause) }),
    ...(errors && { errors }),
  };
}

/** Rebuilds an error of another thread: `isRegistrarError`, `hasCode` and `instanceof` answer as they did there. */
export function deserializeError({ message, stack, fields, cause, errors }: SerializedError): Error {
  const error = new Error(message, cause && { cause: deserializeError(cause) });
  const known = Object.entries(classes).find(([code]) => code === fields['code'])?.[1];
  if (known !== undefined) Object.setPrototypeOf(error, known.prototype);
  if (stack !== undefined) error.stack = stack;
  return Object.assign(error, fields, errors && { errors: errors.map(deserializeError) });
}

const classes: Readonly<Record<ErrorCode, { readonly prototype: RegistrarError }>> = {
  ROLLCALL_CONFIG: ConfigError,
  ROLLCALL_NAME_INVALID: NameInvalidError,
  ROLLCALL_ADDRESS_NOT_FOUND: AddressNotFoundError,
  ROLLCALL_NOT_READY: NotReadyError,
  ROLLCALL_REGISTRY_UNAVAILABLE: RegistryUnavailableError,
  ROLLCALL_REGISTRY_REJECTED: RegistryRejectedError,
  ROLLCALL_REGISTRY_DENIED: RegistryDeniedError,
  ROLLCALL_REGISTRATION_LOST: RegistrationLostError,
  ROLLCALL_ALL_REGISTRIES_FAILED: AllRegistriesFailedError,
  ROLLCALL_ID_CONFLICT: IdConflictError,
  ROLLCALL_CIRCUIT_OPEN: CircuitOpenError,
  ROLLCALL_NO_INSTANCE: NoInstanceError,
  ROLLCALL_BACKEND_NOT_INSTALLED: BackendNotInstalledError,
  ROLLCALL_TIMEOUT: TimeoutError,
  ROLLCALL_HOOK_FAILED: HookFailedError,
  ROLLCALL_STOPPED: StoppedError,
};
