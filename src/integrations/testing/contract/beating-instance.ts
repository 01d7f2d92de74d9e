import type { HealthReport } from '../../../contracts/health-report.js';
import type { Registration } from '../../../contracts/registry.js';
import type { ServiceInstance } from '../../../contracts/service-instance.js';
import { systemClock } from '../../../core/clock.js';
import { passing } from './contract-case.js';
import type { ContractHarness } from './contract-case.js';

/** Heartbeats per lease. */
const BEATS_PER_TTL = 3;

/** A registered instance with heartbeats, so that a case may take longer than its lease. */
export interface BeatingInstance {
  readonly instance: ServiceInstance;
  /** Beats at once with this report, and with it from now on. */
  readonly report: (report: HealthReport) => Promise<void>;
  /** Ends the heartbeats and leaves the entry to its lease. */
  readonly stop: () => void;
  readonly deregister: () => Promise<void>;
}

/** Registers an instance, which passes until it is stopped. */
export async function beating(
  { registry, ttlMs }: ContractHarness,
  instance: ServiceInstance,
): Promise<BeatingInstance> {
  const registration = await registry.register(instance, passing, unending());
  await registration.renew(passing, unending());
  return beat(instance, registration, ttlMs / BEATS_PER_TTL);
}

function beat(instance: ServiceInstance, registration: Registration, everyMs: number): BeatingInstance {
  let current = passing;
  let cancel: () => void;
  const schedule = () => {
    cancel = systemClock.after(everyMs, () => {
      // A lost one shows in what readers see.
      registration.renew(current, unending()).catch(() => undefined);
      schedule();
    });
  };
  schedule();
  return {
    instance,
    report: async (report) => {
      current = report;
      await registration.renew(report, unending());
    },
    stop: () => {
      cancel();
    },
    deregister: async () => {
      cancel();
      await registration.deregister(unending());
    },
  };
}

/** A signal of its own for each call: many at once on one would look like a leak. */
function unending(): AbortSignal {
  return new AbortController().signal;
}
