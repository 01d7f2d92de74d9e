import {
  AddressNotFoundError,
  AllRegistriesFailedError,
  BackendNotInstalledError,
  CircuitOpenError,
  ConfigError,
  HookFailedError,
  IdConflictError,
  NameInvalidError,
  RegistrationLostError,
  RegistryDeniedError,
  RegistryRejectedError,
  RegistryUnavailableError,
  StoppedError,
  TimeoutError,
  asError,
} from './errors.js';
import type { ErrorCode, RegistrarError } from './errors.js';

/** An error as plain data: a clone of one, as another thread gets it, keeps neither its class nor its code. */
export interface SerializedError {
  readonly message: string;
  readonly stack?: string | undefined;
  /** What else it says of itself in one word: `code`, `syscall`, `retryable` … */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: SerializedError;
  readonly errors?: readonly SerializedError[];
}

/** Causes of causes may go round in a circle. */
const DEEPEST_CAUSE = 8;

/** For another thread. */
export function serializeError(error: Error, depth = 0): SerializedError {
  const { message, stack, cause } = error;
  const fields = Object.fromEntries(
    Object.entries(error).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  ) as SerializedError['fields'];
  const inner = (thrown: unknown) => serializeError(asError(thrown), depth + 1);
  const goesOn = depth < DEEPEST_CAUSE;
  const errors = goesOn && 'errors' in error && Array.isArray(error.errors) ? error.errors.map(inner) : undefined;
  return {
    message,
    stack,
    fields,
    ...(goesOn && cause !== undefined && { cause: inner(cause) }),
    ...(errors && { errors }),
  };
}

/** From another thread: what `isRegistrarError`, `hasCode` and `instanceof` say is what they said there. */
export function deserializeError({ message, stack, fields, cause, errors }: SerializedError): Error {
  const error = new Error(message, cause && { cause: deserializeError(cause) });
  const own = Object.entries(classes).find(([code]) => code === fields['code'])?.[1];
  if (own !== undefined) Object.setPrototypeOf(error, own.prototype);
  if (stack !== undefined) error.stack = stack;
  return Object.assign(error, fields, errors && { errors: errors.map(deserializeError) });
}

const classes: Readonly<Record<ErrorCode, { readonly prototype: RegistrarError }>> = {
  ROLLCALL_CONFIG: ConfigError,
  ROLLCALL_NAME_INVALID: NameInvalidError,
  ROLLCALL_ADDRESS_NOT_FOUND: AddressNotFoundError,
  ROLLCALL_REGISTRY_UNAVAILABLE: RegistryUnavailableError,
  ROLLCALL_REGISTRY_REJECTED: RegistryRejectedError,
  ROLLCALL_REGISTRY_DENIED: RegistryDeniedError,
  ROLLCALL_REGISTRATION_LOST: RegistrationLostError,
  ROLLCALL_ALL_REGISTRIES_FAILED: AllRegistriesFailedError,
  ROLLCALL_ID_CONFLICT: IdConflictError,
  ROLLCALL_CIRCUIT_OPEN: CircuitOpenError,
  ROLLCALL_BACKEND_NOT_INSTALLED: BackendNotInstalledError,
  ROLLCALL_TIMEOUT: TimeoutError,
  ROLLCALL_HOOK_FAILED: HookFailedError,
  ROLLCALL_STOPPED: StoppedError,
};
