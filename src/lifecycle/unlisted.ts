import type { Clock } from '../core/clock.js';
import { RegistrarError } from '../core/errors.js';
import { defaults } from '../config/defaults.js';
import type { HeartbeatHandle } from '../heartbeat/heartbeat-handle.js';
import type { Events } from '../telemetry/events.js';
import type { StateMachine } from '../telemetry/state-machine.js';
import { StartProgress } from './start-progress.js';
import { WaitReporter } from './wait-reporter.js';

export interface UnlistedPlan {
  readonly clock: Clock;
  readonly events: Events;
  readonly machine: StateMachine;
  readonly waitMs: number;
  /** Its name. */
  readonly registry: string;
  /** Undefined until the gate has opened. */
  readonly heartbeat: () => HeartbeatHandle | undefined;
}

/** Why the instance is not listed. Warns of a wait without end; of a registry that refuses it, an outage tells. */
export class Unlisted {
  readonly progress = new StartProgress();
  readonly #plan: UnlistedPlan;
  #lastError: RegistrarError | undefined;

  constructor(plan: UnlistedPlan) {
    this.#plan = plan;
  }

  /** Reports waits until the Registrar stops; call it when the start begins. */
  watch(): void {
    const { clock, events, machine, waitMs } = this.#plan;
    const remember = ({ error }: { readonly error: RegistrarError }) => {
      this.#lastError = error;
    };
    events.on('beatMissed', remember);
    events.on('conflict', remember);
    const reporter = new WaitReporter({
      clock,
      patienceMs: patience(waitMs),
      report: (waited) => {
        const cause = this.problem === undefined ? '' : `: ${this.problem.message}`;
        const message = `not registered after ${waited}, waiting for ${this.waitingFor ?? 'the start'}${cause}`;
        events.emit('warning', { message });
      },
    });
    const look = () => {
      if (machine.state === 'waiting') reporter.begin();
      else reporter.end();
    };
    events.on('state', look);
    look();
  }

  /** For people; undefined unless the instance should be listed and is not. */
  get waitingFor(): string | undefined {
    const { machine, heartbeat, registry } = this.#plan;
    const { state } = machine;
    if (state === 'registering' || state === 'recovering') return `${registry} to list the instance`;
    if (state !== 'waiting') return undefined;
    const beating = heartbeat();
    return beating === undefined ? this.progress.waitingFor : `the id ${beating.instance.id} to be free`;
  }

  /** The error behind it, if any. */
  get problem(): RegistrarError | undefined {
    const trouble = this.#plan.heartbeat()?.trouble;
    if (trouble === undefined) return this.progress.problem;
    const last = this.#lastError;
    // A heartbeat in the worker thread carries the parts of an error only.
    return last?.message === trouble.message ? last : new RegistrarError(trouble.code, trouble.message, true);
  }
}

/** `register()` may wait for ever, or not at all. */
export function patience(waitMs: number): number {
  return waitMs > 0 && Number.isFinite(waitMs) ? waitMs : defaults.waitMs;
}
