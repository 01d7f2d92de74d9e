import type { Config } from '../config/config.js';
import type { Labels } from '../config/labels.js';
import type { ConfigSource } from '../contracts/config-source.js';
import { RegistryUnavailableError, asError, hasCode, isRegistrarError } from '../core/errors.js';
import type { RegistrarError } from '../core/errors.js';
import type { Health } from '../contracts/health-report.js';
import { effectiveReport } from '../health/effective-report.js';
import type { HealthMonitor } from '../health/health-monitor.js';
import type { HeartbeatHandle } from '../heartbeat/heartbeat-handle.js';
import { Heartbeat } from '../heartbeat/heartbeat.js';
import type { HeartbeatPlan } from '../heartbeat/heartbeat-plan.js';
import { unknownEntry } from '../heartbeat/last-known-entry.js';
import { bootNonce } from '../instance/boot-nonce.js';
import type { BuiltInstance } from '../instance/build-instance.js';
import type { SuppliedAddressPlan } from '../instance/supplied-address.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { removeEntriesOfOlderIds } from '../heartbeat/stale-entries.js';
import { AwaitedFiles } from './await-files.js';
import { followCredentials } from './follow-credentials.js';
import type { LiveConfig } from '../config/live-config.js';
import type { StateMachine } from '../telemetry/state-machine.js';
import type { Maintenance } from './maintenance.js';
import { ReaderSighting } from './reader-sighting.js';
import { reportFailing } from './report-failing.js';
import { untilServing } from './start.js';
import { Unlisted } from './unlisted.js';
import type { ProcessContext } from './process-context.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { BoundServer } from '../server/bound-server.js';
import type { Events } from '../telemetry/events.js';

export interface InstanceLifecyclePlan {
  readonly config: Config;
  readonly context: ProcessContext;
  readonly registry: GuardedRegistry;
  readonly events: Events;
  readonly machine: StateMachine;
  /** The labels of the options. */
  readonly labels: Labels;
  /** The live source of labels, if any. */
  readonly source: ConfigSource | undefined;
  readonly server: () => BoundServer | undefined;
  /** The components' health. */
  readonly healthMonitor: HealthMonitor;
  /** The host's maintenance, which takes precedence. */
  readonly maintenance: Maintenance;
}

/** One instance from start to stop: its identity, its labels, and the heartbeat that keeps it registered. */
export class InstanceLifecycle {
  readonly #plan: InstanceLifecyclePlan;
  readonly #nonce = bootNonce();
  /** Why the instance is not listed. */
  readonly unlisted: Unlisted;
  #labels: Labels;
  #placement: Pick<BuiltInstance, 'notes' | 'addressCandidates'>;
  #instance: ServiceInstance | undefined;
  #suppliedAddress: SuppliedAddressPlan | undefined;
  #live: LiveConfig | undefined;
  readonly #files: AwaitedFiles;
  readonly #sighting: ReaderSighting;
  #heartbeat: HeartbeatHandle | undefined;
  #failure: RegistrarError | undefined;

  constructor(plan: InstanceLifecyclePlan) {
    this.#plan = plan;
    this.#labels = plan.labels;
    this.#placement = { notes: plan.config.warnings, addressCandidates: [] };
    const { config, context, events, machine, registry, source } = plan;
    const { clock } = context;
    this.#sighting = new ReaderSighting({ registry, clock, random: context.random, intervalMs: config.intervalMs });
    this.unlisted = new Unlisted({
      clock,
      events,
      machine,
      waitMs: config.waitMs,
      registry: registry.name,
      heartbeat: () => this.#heartbeat,
    });
    const missing = () => [
      ...(registry.credentials?.missing ?? []),
      ...(source?.credentials?.missing ?? []),
      ...(this.#live?.pending === undefined ? [] : [this.#live.pending]),
    ];
    this.#files = new AwaitedFiles({ clock, events, missing });
  }

  /** What the registry holds, or will hold; undefined until the server listens. */
  get instance(): ServiceInstance | undefined {
    return this.#heartbeat?.instance ?? this.#instance;
  }

  /** Undefined until the gate has opened. */
  get heartbeat(): HeartbeatHandle | undefined {
    return this.#heartbeat;
  }

  /** Whether the readers of the service have seen the instance. */
  get wasSeenByReaders(): boolean {
    return this.#sighting.wasSeen;
  }

  /** The health that the next heartbeat reports. */
  get health(): Health {
    const { healthMonitor, maintenance, server } = this.#plan;
    const { health } = healthMonitor;
    const report = effectiveReport({
      isReady: this.#heartbeat !== undefined,
      maintenance: maintenance.report,
      // Only the worker notices a stall of this thread.
      exceededStallToleranceMs: undefined,
      isServerFailing: server()?.isFailing === true,
      health,
    });
    return report === health ? health : { ...health, ...report, degraded: false };
  }

  /** Emits `health` and beats at once. Changes before the first beat are part of it. */
  healthChanged(): void {
    if (this.#heartbeat === undefined) return;
    this.#plan.events.emit('health', this.health);
    this.#heartbeat.nudge();
  }

  /** The error that no retry could mend, or the files that the start waits for; undefined otherwise. */
  get failure(): RegistrarError | undefined {
    return this.#failure ?? this.#files.trouble;
  }

  /** How address and port were chosen, and what else deserves attention. */
  get placement(): Pick<BuiltInstance, 'notes' | 'addressCandidates'> {
    return this.#placement;
  }

  /**
   * Runs in the given slot of the interval until the signal aborts. Rejects with the signal's reason, or with the
   * error that no retry can mend, after emitting `failed`.
   */
  async run(phase: number, signal: AbortSignal): Promise<void> {
    const { source, context, events, registry } = this.#plan;
    this.unlisted.watch();
    const onChange = () => {
      this.#heartbeat?.credentialsChanged();
      this.#files.changed();
    };
    followCredentials({
      credentials: [registry.credentials, source?.credentials],
      clock: context.clock,
      events,
      onChange,
    });
    try {
      if (source !== undefined) this.#live = await this.#follow(source);
      const labelled = this.#live?.start(signal) ?? Promise.resolve();
      const ready = labelled.then(() => this.#files.untilAllThere(signal));
      // Rejects only with the signal's reason, perhaps while the server does not listen yet.
      ready.catch(() => undefined);
      await this.#serve(ready, phase, signal);
    } catch (thrown) {
      if (!signal.aborted) this.#fail(asError(thrown));
      throw thrown;
    } finally {
      await this.#live?.end();
    }
  }

  /** Loads the module only for a service with a config source. */
  async #follow(source: ConfigSource): Promise<LiveConfig> {
    const { context, events } = this.#plan;
    const { clock, random } = context;
    const { LiveConfig } = await import('../config/live-config.js');
    return new LiveConfig({
      source,
      clock,
      random,
      onRejected: (rejection) => events.emit('configRejected', rejection),
      apply: async (values) => this.relabel((labels) => labels.overlaid(values)),
      onWritten: () => {
        this.#files.changed();
      },
    });
  }

  /**
   * Replaces the labels. Resolves when the registry has them, or at once while nothing is registered; rejects when
   * the registry refuses them, and the old ones stay.
   */
  async relabel(change: (labels: Labels) => Labels): Promise<void> {
    const former = this.#labels;
    const labels = change(former);
    this.#labels = labels;
    if (this.#instance !== undefined) this.#instance = labels.on(this.#instance);
    const heartbeat = this.#heartbeat;
    try {
      await heartbeat?.change(labels.on(heartbeat.instance));
    } catch (error) {
      // The registry keeps the old labels; the next change must not bring the refused ones back.
      if (this.#labels === labels && hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) this.#labels = former;
      throw error;
    }
  }

  async #serve(ready: Promise<void>, phase: number, signal: AbortSignal): Promise<void> {
    const { config, context, registry, events, machine, healthMonitor, server } = this.#plan;
    const { clock, random, polls, batchWatcher, system } = context;
    reportFailing({ server: server(), events, clock, onChange: () => this.healthChanged() });
    const known = healthMonitor.start(signal);
    const lastKnown = unknownEntry();
    const { progress } = this.unlisted;
    const onIdentity = (built: BuiltInstance) => {
      this.#identified(built);
    };
    const onWarning = (message: string) => {
      events.emit('warning', { message });
    };
    const built = await untilServing(
      {
        config,
        lastKnown,
        clock,
        random,
        registry,
        server: server(),
        nonce: this.#nonce,
        system,
        progress,
        onIdentity,
        onWarning,
      },
      signal,
    );
    const makeHeartbeat = await this.#chooseThread();
    await progress.during({ waitingFor: 'files of the options', problem: () => this.#files.trouble }, () => ready);
    // The first heartbeat must report the real health.
    await progress.during({ waitingFor: 'the first run of each component', problem: () => undefined }, () => known);
    signal.throwIfAborted();
    const { intervalMs, recover, drift, onIdConflict } = config;
    const plan = {
      registry,
      clock,
      random,
      polls,
      batchWatcher,
      lastKnown,
      suppliedAddress: this.#suppliedAddress,
      events,
      machine,
      report: () => this.health,
      intervalMs,
      recover,
      drift,
      onIdConflict,
      phase,
    };
    this.#heartbeat = makeHeartbeat(plan, this.#instance ?? built);
    events.emit('health', this.health);
    const heartbeat = this.#heartbeat;
    events.on('registered', ({ instance }) => {
      removeEntriesOfOlderIds(registry, instance, signal).catch(() => undefined);
      void this.#sighting.look(() => heartbeat.instance, signal);
    });
    await heartbeat.run(signal);
  }

  /** Loads the worker modules only for worker beats. */
  async #chooseThread(): Promise<(plan: HeartbeatPlan, instance: ServiceInstance) => HeartbeatHandle> {
    const { context, registry } = this.#plan;
    const { thread, stallToleranceMs } = this.#plan.config;
    if (thread === 'main') return (plan, instance) => new Heartbeat(plan, instance);
    const { WorkerHeartbeatProxy } = await import('../heartbeat/worker/worker-heartbeat-proxy.js');
    const sharedThread = await context.sharedThread();
    return (plan, instance) =>
      new WorkerHeartbeatProxy({ ...plan, registry, sharedThread, stallToleranceMs }, instance);
  }

  #identified({ instance, ownMeta, notes, addressCandidates, suppliedAddress }: BuiltInstance): void {
    const { config, events } = this.#plan;
    this.#labels = this.#labels.completedBy(ownMeta);
    this.#instance = this.#labels.on(instance);
    this.#suppliedAddress = suppliedAddress;
    this.#placement = { notes: [...config.warnings, ...notes], addressCandidates };
    events.emit('address', { address: instance.address, port: instance.port, candidates: addressCandidates });
    // For the later ones.
    events.on('address', ({ candidates }) => {
      this.#placement = { ...this.#placement, addressCandidates: candidates };
    });
  }

  #fail(thrown: Error): void {
    const { machine, events } = this.#plan;
    const error = isRegistrarError(thrown)
      ? thrown
      : new RegistryUnavailableError(`unexpected: ${thrown.message}`, { cause: thrown });
    if (!machine.transition('fail')) return;
    this.#failure = error;
    events.emit('failed', { error });
  }
}
