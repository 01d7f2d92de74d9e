import type { Config } from './config/config.js';
import type { Labels } from './config/resolve-labels.js';
import type { ConfigSource } from './config/source.js';
import { RegistryUnavailableError, asError, hasCode, isRegistrarError } from './errors.js';
import type { RegistrarError } from './errors.js';
import type { Health } from './health/report.js';
import type { Vitals } from './health/vitals.js';
import type { Beating } from './heartbeat/beating.js';
import { Heartbeat } from './heartbeat/heartbeat.js';
import type { HeartbeatPlan } from './heartbeat/heartbeat-plan.js';
import { nothingRemembered } from './heartbeat/recover.js';
import { bootNonce } from './instance/boot-nonce.js';
import type { BuiltInstance } from './instance/build-instance.js';
import type { ServiceInstance } from './instance/service-instance.js';
import { clearOlderIds } from './lifecycle/leftover.js';
import { followSecrets } from './lifecycle/follow-secrets.js';
import type { LiveConfig } from './lifecycle/live-config.js';
import type { Machine } from './lifecycle/machine.js';
import type { Maintenance } from './lifecycle/maintenance.js';
import { untilServing } from './lifecycle/start.js';
import type { Surroundings } from './lifecycle/surroundings.js';
import type { BoundedRegistry } from './registry/bounded-registry.js';
import type { BoundServer } from './server/bound-server.js';
import type { Events } from './telemetry/events.js';

export interface LifePlan {
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly registry: BoundedRegistry;
  readonly events: Events;
  readonly machine: Machine;
  /** Tags, meta and weights as the options want them. */
  readonly labels: Labels;
  /** Where they come from while the instance runs. */
  readonly source: ConfigSource | undefined;
  readonly server: () => BoundServer | undefined;
  /** What a heartbeat says once the gate has opened. */
  readonly vitals: Vitals;
  /** What it says instead, when the host wants it. */
  readonly maintenance: Maintenance;
}

/** One instance from its start to its stop: who it is, what of it is written, and the heartbeat that keeps it there. */
export class Life {
  readonly #plan: LifePlan;
  readonly #nonce = bootNonce();
  #labels: Labels;
  #told: Pick<BuiltInstance, 'notes' | 'addressCandidates'>;
  #instance: ServiceInstance | undefined;
  #heartbeat: Beating | undefined;
  #failure: RegistrarError | undefined;

  constructor(plan: LifePlan) {
    this.#plan = plan;
    this.#labels = plan.labels;
    this.#told = { notes: plan.config.warnings, addressCandidates: [] };
  }

  /** What is, or will be, written in the registry; undefined until the server listens. */
  get instance(): ServiceInstance | undefined {
    return this.#heartbeat?.instance ?? this.#instance;
  }

  /** Undefined until the gate has opened. */
  get heartbeat(): Beating | undefined {
    return this.#heartbeat;
  }

  /** What the next heartbeat says. */
  get health(): Health {
    const { health } = this.#plan.vitals;
    if (this.#heartbeat === undefined) return { ...health, status: 'critical', reason: 'not ready yet', degraded: false };
    const { report } = this.#plan.maintenance;
    if (report !== undefined) return { ...health, ...report, degraded: false };
    return this.#plan.server()?.isFailing === true ? { ...health, status: 'critical', reason: 'the server fails', degraded: false } : health;
  }

  /** Tells it, and beats at once. What changes before the first beat is in that. */
  healthChanged(): void {
    if (this.#heartbeat === undefined) return;
    this.#plan.events.emit('health', this.health);
    this.#heartbeat.nudge();
  }

  /** What no retry could mend; undefined unless the state is, or was, `failed`. */
  get failure(): RegistrarError | undefined {
    return this.#failure;
  }

  /** How the address and port were chosen, and what else is worth a person's attention. */
  get told(): Pick<BuiltInstance, 'notes' | 'addressCandidates'> {
    return this.#told;
  }

  /** Lives in the given slot of the interval until the signal aborts; rejects with its reason, or with what no retry can mend, which it has told. */
  async run(phase: number, signal: AbortSignal): Promise<void> {
    const { source, surroundings, events, registry } = this.#plan;
    const onChange = () => this.#heartbeat?.credentialsChanged();
    followSecrets({ secrets: [registry.secrets, source?.secrets], clock: surroundings.clock, events, onChange });
    let live: LiveConfig | undefined;
    try {
      if (source !== undefined) live = await this.#follow(source);
      await this.#serve(live?.start(signal), phase, signal);
    } catch (thrown) {
      if (!signal.aborted) this.#fail(asError(thrown));
      throw thrown;
    } finally {
      await live?.end();
    }
  }

  /** What only a config source needs is not loaded without one. */
  async #follow(source: ConfigSource): Promise<LiveConfig> {
    const { surroundings, events } = this.#plan;
    const { clock, random } = surroundings;
    const { LiveConfig } = await import('./lifecycle/live-config.js');
    return new LiveConfig({ source, clock, random, events, apply: async (values) => this.relabel((labels) => labels.overlaid(values)) });
  }

  /** Replaces tags, meta or weights. Resolves when the registry has them, or at once while nothing is registered yet; rejects when the registry refuses them, and the old ones stay. */
  async relabel(change: (labels: Labels) => Labels): Promise<void> {
    const former = this.#labels;
    const labels = change(former);
    this.#labels = labels;
    if (this.#instance !== undefined) this.#instance = labels.on(this.#instance);
    const heartbeat = this.#heartbeat;
    try {
      await heartbeat?.change(labels.on(heartbeat.instance));
    } catch (error) {
      // The registry keeps what it had; the next change must not bring the refused one back.
      if (this.#labels === labels && hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) this.#labels = former;
      throw error;
    }
  }

  async #serve(labelled: Promise<void> | undefined, phase: number, signal: AbortSignal): Promise<void> {
    const { config, surroundings, registry, events, machine, vitals, server } = this.#plan;
    const { clock, random, polls, sharedLook, system } = surroundings;
    server()?.onFailing(() => {
      this.healthChanged();
    });
    const known = vitals.start(signal);
    const remembered = nothingRemembered();
    const onIdentity = (built: BuiltInstance) => {
      this.#identified(built);
    };
    const onWarning = (message: string) => {
      events.emit('warning', { message });
    };
    const built = await untilServing({ config, remembered, clock, random, registry, server: server(), nonce: this.#nonce, system, onIdentity, onWarning }, signal);
    const makeHeartbeat = await this.#chooseThread();
    await labelled;
    // The first heartbeat carries the true health, and not the hope for it.
    await known;
    signal.throwIfAborted();
    const { intervalMs, recover, drift, onIdConflict } = config;
    const plan = { registry, clock, random, polls, sharedLook, remembered, events, machine, report: () => this.health, intervalMs, recover, drift, onIdConflict, phase };
    this.#heartbeat = makeHeartbeat(plan, this.#instance ?? built);
    events.emit('health', this.health);
    events.on('registered', ({ instance }) => {
      clearOlderIds(registry, instance, signal).catch(() => undefined);
    });
    await this.#heartbeat.run(signal);
  }

  /** What only worker beats need is not loaded without them. */
  async #chooseThread(): Promise<(plan: HeartbeatPlan, instance: ServiceInstance) => Beating> {
    const { surroundings, registry } = this.#plan;
    const { thread, stallToleranceMs } = this.#plan.config;
    if (thread === 'main') return (plan, instance) => new Heartbeat(plan, instance);
    const { ThreadHeartbeat } = await import('./heartbeat/thread/thread-heartbeat.js');
    const sharedThread = await surroundings.sharedThread();
    return (plan, instance) => new ThreadHeartbeat({ ...plan, registry, sharedThread, stallToleranceMs }, instance);
  }

  #identified({ instance, notes, addressCandidates }: BuiltInstance): void {
    const { config, events } = this.#plan;
    this.#instance = this.#labels.on(instance);
    this.#told = { notes: [...config.warnings, ...notes], addressCandidates };
    events.emit('address', { address: instance.address, port: instance.port, candidates: addressCandidates });
  }

  #fail(thrown: Error): void {
    const { machine, events } = this.#plan;
    const error = isRegistrarError(thrown) ? thrown : new RegistryUnavailableError(`unexpected: ${thrown.message}`, { cause: thrown });
    if (!machine.tell('fail')) return;
    this.#failure = error;
    events.emit('failed', { error });
  }
}
