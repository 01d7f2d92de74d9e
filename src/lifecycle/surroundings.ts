import { systemClock } from '../clock.js';
import type { Clock } from '../clock.js';
import { processPolls } from '../heartbeat/permits.js';
import type { Permits } from '../heartbeat/permits.js';
import { processLook } from '../heartbeat/shared-look.js';
import type { SharedLook } from '../heartbeat/shared-look.js';
import type { SharedThread } from '../heartbeat/thread/shared-thread.js';
import { processSlots } from '../heartbeat/slots.js';
import type { Slots } from '../heartbeat/slots.js';
import { localSystem } from '../instance/local-system.js';
import type { LocalSystem } from '../instance/local-system.js';
import type { Crashes } from './crash.js';
import { processSignals } from './signals.js';
import type { Signals } from './signals.js';

/** What a Registrar takes from the process around it; tests pass their own. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signals: Signals;
  /** Loaded when it is wanted. */
  readonly crashes: () => Promise<Crashes>;
  readonly slots: Slots;
  readonly polls: Permits;
  readonly sharedLook: SharedLook;
  /** Loaded when it is wanted. */
  readonly sharedThread: () => Promise<SharedThread>;
  readonly system: LocalSystem;
}

const processThread = async (): Promise<SharedThread> => (await import('../heartbeat/thread/shared-thread.js')).processThread();

const processCrashes = async (): Promise<Crashes> => (await import('./crash.js')).processCrashes();

/** Those of this process. */
export function thisProcess(): Surroundings {
  return {
    clock: systemClock,
    random: Math.random,
    signals: processSignals(),
    crashes: processCrashes,
    slots: processSlots(),
    polls: processPolls(),
    sharedLook: processLook(),
    sharedThread: processThread,
    system: localSystem,
  };
}
