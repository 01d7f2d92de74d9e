import { RegistrationLostError, hasCode } from '../errors.js';
import type { RegistrarError } from '../errors.js';
import type { LossCause } from '../telemetry/events.js';

const TAKEN = 'look';
/** The verb that a chain's receipt names when it moves on. */
const SILENT = 'move';

export function isLoss(error: unknown): error is RegistrarError {
  return hasCode(error, 'ROLLCALL_REGISTRATION_LOST');
}

export function lossCauseOf({ operation }: RegistrarError): LossCause {
  if (operation === TAKEN) return 'taken';
  return operation === SILENT ? 'silent' : 'missing';
}

/** The entry is there, but it is not ours. */
export function taken(registry: string, id: string): RegistrationLostError {
  return new RegistrationLostError(`${registry} holds another instance under the id ${id}`, { registry, operation: TAKEN });
}

export function lost(registry: string, how: string): RegistrationLostError {
  return new RegistrationLostError(`${registry} no longer holds this instance, ${how}`, { registry });
}
