import type { Clock } from '../core/clock.js';
import type { Departure, DepartureRequest } from '../contracts/departure.js';
import type { DiscoveredInstance, Discovery } from '../contracts/discovery.js';
import type { HealthReport } from '../contracts/health-report.js';
import { keyOf } from '../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import { processWide } from '../core/process-wide.js';
import { CloseGuard } from './close-guard.js';
import { EarlyLooks } from './early-looks.js';
import { guardDiscovery } from './guarded-discovery.js';
import { guardRegistration } from './guarded-registration.js';
import type { RequestKind } from './guarded-registration.js';
import { isAnswer, wasNeverSent } from './is-answer.js';
import { RequestPace } from './request-pace.js';
import type { PacedVerb } from './request-pace.js';
import type { Legacy } from './legacy.js';
import { VerbRunner } from './verb-runner.js';
import { WriteDoubt } from './write-doubt.js';
import { asComposed } from '../contracts/composed-registry.js';
import type { ComposedRegistry, MemberFigures } from '../contracts/composed-registry.js';
import type { Credentials } from '../contracts/credentials.js';
import type {
  Deadlines,
  Entry,
  Registration,
  Registry,
  RegistryEndpoint,
  RegistryTraits,
} from '../contracts/registry.js';
import type { WorkerSpec } from '../contracts/worker-spec.js';

/** The deadlines of a registry that states none. Most long polls answer earlier by themselves. */
const USUAL_DEADLINES: Deadlines = { requestMs: 5_000, heldMs: 60_000 };

/**
 * A registry as the core sees it. Every verb settles within its deadline and rejects only with our own errors. The
 * numbers in answers are bounded here, and so is the rate of requests that answers can cause. A write that was cut off
 * puts the registry in doubt, because a request that was already sent may still take effect.
 */
export class GuardedRegistry implements Registry {
  readonly #inner: Registry;
  readonly #composed: ComposedRegistry | undefined;
  readonly #guard: CloseGuard;
  readonly #doubt: WriteDoubt;
  readonly #runner: VerbRunner;
  /** Undefined for a composition and its members, which ask each other's instead. */
  readonly #earlyLooks: EarlyLooks | undefined;
  readonly deadlines: Deadlines;
  #closing: Promise<void> | undefined;

  /** `pacing`: a member of a composition goes by the pace of the whole. */
  constructor(inner: Registry, clock: Clock, pacing: 'paced' | 'unpaced' = 'paced') {
    this.#inner = inner;
    this.#composed = asComposed(inner);
    users().set(inner, (users().get(inner) ?? 0) + 1);
    this.#guard = new CloseGuard(inner.name);
    this.#doubt = new WriteDoubt(clock);
    this.deadlines = inner.deadlines ?? USUAL_DEADLINES;
    const isSingle = this.#composed === undefined;
    this.#earlyLooks = isSingle && pacing === 'paced' ? new EarlyLooks(clock, inner.name) : undefined;
    this.#runner = new VerbRunner({
      name: inner.name,
      clock,
      deadlines: this.deadlines,
      pace: pacing === 'paced' ? new RequestPace(clock) : undefined,
      countsRequests: isSingle,
      onAnswered: (sentAt) => {
        this.#doubt.answered(sentAt);
      },
    });
  }

  get name(): string {
    return this.#inner.name;
  }

  get traits(): RegistryTraits {
    return this.#inner.traits;
  }

  get endpoint(): RegistryEndpoint | undefined {
    return this.#inner.endpoint;
  }

  get warnings(): readonly string[] {
    return this.#inner.warnings ?? [];
  }

  get credentials(): Credentials | undefined {
    return this.#inner.credentials;
  }

  get discovery(): Discovery | undefined {
    const { discovery } = this.#inner;
    return discovery && guardDiscovery(discovery, { name: this.name, run: this.#bounded.bind(this) });
  }

  get maintain(): Registry['maintain'] {
    const maintain = this.#inner.maintain?.bind(this.#inner);
    return (
      maintain &&
      ((key, reason, signal) => this.#write('maintain', signal, (bounded) => maintain(key, reason, bounded)))
    );
  }

  /** The registries of a composition, the preferred one first; undefined for a single registry. */
  get members(): readonly MemberFigures[] | undefined {
    return this.#composed?.members;
  }

  get workerSpec(): WorkerSpec | undefined {
    return this.#inner.workerSpec;
  }

  /** Undefined if the entry is ours alone. */
  get handedOver(): boolean | undefined {
    return this.#composed?.handedOver;
  }

  /** How long the last answer took, long polls aside; undefined before the first. */
  get roundTripMs(): number | undefined {
    return this.#runner.roundTrip.lastMs;
  }

  /** How long a request may take: longer than usual where the registry is known to answer late. */
  get requestDeadlineMs(): number {
    return this.#runner.roundTrip.deadlineMs;
  }

  /** True while a write of ours that was cut off may still arrive: an absent entry proves nothing yet. */
  get inDoubt(): boolean {
    return this.#doubt.isInherited || (this.#composed?.inDoubt ?? this.#doubt.isOpen);
  }

  /** Registries of a composition that may still get an entry of ours, though never one that passes. */
  get unreached(): readonly string[] {
    return this.#composed?.unreached ?? [];
  }

  /**
   * Takes over from another client of ours that registered this instance. `holder` accepted its last heartbeat.
   */
  inherit(instance: ServiceInstance, holder: string | undefined, { inDoubt, receipt, roundTripMs }: Legacy): void {
    this.#composed?.adopt?.(instance, holder);
    if (inDoubt) this.#doubt.inherit();
    this.#inner.receipts?.accept(instance.nonce, receipt);
    if (roundTripMs !== undefined) this.#runner.roundTrip.answered(roundTripMs);
  }

  /** What another client of ours needs to know, to take over from this one. */
  legacyOf(instance: ServiceInstance): Legacy {
    const receipt = this.#inner.receipts?.of(instance.nonce);
    return { inDoubt: this.inDoubt, receipt, roundTripMs: this.roundTripMs };
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const read = (bounded: AbortSignal) => this.#inner.read(key, bounded);
    const looks = this.#earlyLooks;
    if (looks === undefined || this.roundTripMs !== undefined) return this.#bounded('read', signal, read);
    const look = (bounded: AbortSignal) => looks.look(key, read, bounded, signal);
    const { entry, tookMs } = await this.#bounded('read', signal, look);
    this.#runner.roundTrip.answered(tookMs);
    return entry;
  }

  /** Lets the registry get ready for `register` beside the first look. Never rejects. */
  async prepare(instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    const prepare = this.#inner.prepare?.bind(this.#inner);
    if (prepare === undefined) return;
    await this.#bounded('register', signal, (bounded) => prepare(instance, bounded), 'beat').catch(() => undefined);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const write = (bounded: AbortSignal) => this.#inner.register(instance, report, bounded);
    const registration = await this.#write('register', signal, write);
    const key = { ...keyOf(instance), ttlMs: instance.ttlMs };
    return guardRegistration(registration, instance.ttlMs, {
      run: this.#bounded.bind(this),
      write: this.#write.bind(this),
      deregister: (bounded) => (this.#mayGoBlind ? this.#inner.remove(key, bounded) : registration.deregister(bounded)),
    });
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    const { ttlMs: _ttlMs, ...exact } = key;
    return this.#bounded('remove', signal, (bounded) => this.#inner.remove(this.#mayGoBlind ? key : exact, bounded));
  }

  /**
   * Whether to remove an entry without a look where it was just seen to be ours. That can hit a successor which has
   * replaced it since, so it is for registries where the look would take long. Members of a chain decide by themselves.
   */
  get #mayGoBlind(): boolean {
    return this.#composed === undefined && this.#runner.roundTrip.isLong;
  }

  /** None after a close. */
  departures(request: DepartureRequest): readonly Departure[] {
    return this.#closing === undefined ? (this.#inner.departures?.(request) ?? []) : [];
  }

  /**
   * True if readers of the service see this instance, whatever its health; undefined if the registry has no
   * discovery.
   */
  async isVisible(key: InstanceKey, signal: AbortSignal): Promise<boolean | undefined> {
    const seen = await this.#asSeen(key, signal);
    return seen && seen.length > 0;
  }

  /** True if readers would still send traffic to this instance; undefined if the registry has no discovery. */
  async isInTraffic(key: InstanceKey, signal: AbortSignal): Promise<boolean | undefined> {
    return (await this.#asSeen(key, signal))?.some(({ status }) => status === 'passing' || status === 'warning');
  }

  /** The instance as readers see it, if they do; undefined if the registry has no discovery. */
  async #asSeen(key: InstanceKey, signal: AbortSignal): Promise<readonly DiscoveredInstance[] | undefined> {
    const { discovery } = this;
    const seen =
      discovery?.find === undefined ? await this.instancesOf(key.name, signal) : [await discovery.find(key, signal)];
    return seen?.flatMap((one) => (one?.id === key.id && one.nonce === key.nonce ? one : []));
  }

  /** All instances of a service, as its readers see them; undefined if the registry has no discovery. */
  async instancesOf(name: string, signal: AbortSignal): Promise<readonly DiscoveredInstance[] | undefined> {
    return (await this.discovery?.poll(name, undefined, signal))?.instances;
  }

  /**
   * Closes the registry for this user only, whose verbs reject from now on. The last user closes the registry itself.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#guard.close();
    const remaining = (users().get(this.#inner) ?? 1) - 1;
    users().set(this.#inner, remaining);
    if (remaining === 0) await this.#runner.runNow('close', undefined, () => this.#inner.close(), 'request');
  }

  async #write<T>(
    operation: PacedVerb,
    signal: AbortSignal,
    verb: (signal: AbortSignal) => Promise<T>,
    kind?: RequestKind,
  ): Promise<T> {
    let pending: Promise<T> | undefined;
    try {
      return await this.#bounded(operation, signal, (bounded) => (pending = verb(bounded)), kind);
    } catch (error) {
      if (pending !== undefined && !isAnswer(error) && !wasNeverSent(error)) this.#doubt.begin(pending);
      throw error;
    }
  }

  #bounded<T>(
    operation: PacedVerb,
    signal: AbortSignal,
    verb: (signal: AbortSignal) => Promise<T>,
    kind: RequestKind = 'request',
  ): Promise<T> {
    return this.#guard.run(operation, signal, () =>
      this.#runner.run(operation, signal, verb, kind, () => {
        this.#guard.assertOpen(operation);
      }),
    );
  }
}

/** Number of users of each registry: several Registrars may share one, and the last of them closes it. */
const users = (): WeakMap<Registry, number> => processWide('registry users', () => new WeakMap());
