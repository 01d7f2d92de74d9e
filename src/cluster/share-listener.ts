import type { EventEmitter } from 'node:events';
import { processWide } from '../core/process-wide.js';

type Listener = (...values: never[]) => void;

interface Shared {
  readonly listeners: Set<Listener>;
  readonly emit: (...values: unknown[]) => void;
}

/**
 * Adds a listener to an emitter of the process. All of ours share one on the emitter, however many Registrars there
 * are, because Node warns of a leak from the eleventh on. The returned function removes it.
 */
export function shareListener(emitter: EventEmitter, event: string, listener: Listener): () => void {
  const shared = sharedOf(emitter, event);
  if (shared.listeners.size === 0) emitter.on(event, shared.emit);
  shared.listeners.add(listener);
  return () => {
    shared.listeners.delete(listener);
    if (shared.listeners.size === 0) emitter.off(event, shared.emit);
  };
}

function sharedOf(emitter: EventEmitter, event: string): Shared {
  const emitters = processWide('shared listeners', () => new WeakMap<EventEmitter, Map<string, Shared>>());
  const events = emitters.get(emitter) ?? new Map<string, Shared>();
  emitters.set(emitter, events);
  const listeners = new Set<Listener>();
  const shared = events.get(event) ?? {
    listeners,
    emit: (...values) => {
      for (const listener of [...listeners]) listener(...(values as never[]));
    },
  };
  events.set(event, shared);
  return shared;
}
