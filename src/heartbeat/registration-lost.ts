import { RegistrationLostError, hasCode } from '../core/errors.js';

export function isLoss(error: unknown): error is RegistrationLostError {
  return hasCode(error, 'ROLLCALL_REGISTRATION_LOST');
}

/** The entry exists but belongs to another instance. */
export function taken(registry: string, id: string): RegistrationLostError {
  return new RegistrationLostError(`${registry} holds another instance under the id ${id}`, {
    registry,
    operation: 'look',
    loss: 'taken',
  });
}

export function lost(registry: string, how: string): RegistrationLostError {
  return new RegistrationLostError(`${registry} no longer holds this instance, ${how}`, { registry });
}
