import type { Clock } from '../core/clock.js';
import { RegistryUnavailableError, asError, hasCode, isError, isRegistrarError } from '../core/errors.js';
import type { DiscoveredInstance, Discovery } from '../contracts/discovery.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import { processWide } from '../core/process-wide.js';
import { withDeadline } from '../core/deadline.js';
import { CloseGuard } from './close-guard.js';
import { isAnswer } from './is-answer.js';
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

/** Most held polls answer by themselves sooner. */
const USUAL_DEADLINES: Deadlines = { requestMs: 5_000, heldMs: 60_000 };
/** How long after its first answer a registry that was stuck may still be working off what it had buffered. */
const SETTLE_MS = 1_000;

/**
 * A registry as the core sees it: every verb settles within the deadline, rejects with nothing but our own errors, and
 * leaves a trace when it was cut off, because a request that was already on the wire may still take effect.
 */
export class GuardedRegistry implements Registry {
  readonly #inner: Registry;
  readonly #composed: ComposedRegistry | undefined;
  readonly #guard: CloseGuard;
  readonly #clock: Clock;
  readonly #beatDeadlineMs: number;
  readonly deadlines: Deadlines;
  #closing: Promise<void> | undefined;
  #pendingAfterCutOff = 0;
  #doubt: { answeredAt: number | undefined; readonly inherited?: true } | undefined;

  constructor(inner: Registry, clock: Clock, beatDeadlineMs: number) {
    this.#inner = inner;
    this.#composed = asComposed(inner);
    users().set(inner, (users().get(inner) ?? 0) + 1);
    this.#guard = new CloseGuard(inner.name);
    this.#clock = clock;
    this.deadlines = inner.deadlines ?? USUAL_DEADLINES;
    this.#beatDeadlineMs = Math.min(beatDeadlineMs, this.deadlines.requestMs);
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
    return (
      discovery && {
        poll: (service, cursor, signal) =>
          this.#bounded(
            'discover',
            signal,
            (bounded) => discovery.poll(service, cursor, bounded),
            cursor === undefined ? this.deadlines.requestMs : this.deadlines.heldMs,
          ),
      }
    );
  }

  get maintain(): Registry['maintain'] {
    const maintain = this.#inner.maintain?.bind(this.#inner);
    return (
      maintain &&
      ((key, reason, signal) => this.#write('maintain', signal, (bounded) => maintain(key, reason, bounded)))
    );
  }

  /** Of a composition: its registries, the preferred one first. */
  get members(): readonly MemberFigures[] | undefined {
    return this.#composed?.members;
  }

  get workerSpec(): WorkerSpec | undefined {
    return this.#inner.workerSpec;
  }

  /** Undefined: the entry is ours alone. */
  get handedOver(): boolean | undefined {
    return this.#composed?.handedOver;
  }

  /** A write of ours was cut off and may still arrive: an absence seen now proves nothing yet. */
  get inDoubt(): boolean {
    return this.#doubt?.inherited === true || (this.#composed?.inDoubt ?? this.#doubt !== undefined);
  }

  /** Takes over from another client of ours that has worked for this instance, and was last heard by `holder`; `inDoubt`: a write of it was cut off. */
  inherit(instance: ServiceInstance, holder: string | undefined, inDoubt: boolean): void {
    this.#composed?.adopt?.(instance, holder);
    if (inDoubt) this.#doubt = { answeredAt: undefined, inherited: true };
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    return this.#bounded('read', signal, (bounded) => this.#inner.read(key, bounded));
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const registration = await this.#write('register', signal, (bounded) =>
      this.#inner.register(instance, report, bounded),
    );
    return this.#boundedRegistration(registration);
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#bounded('remove', signal, (bounded) => this.#inner.remove(key, bounded));
  }

  /** Whether readers of the service see this instance, in whatever health; undefined when the registry has no read side. */
  async isVisible(key: InstanceKey, signal: AbortSignal): Promise<boolean | undefined> {
    const instances = await this.instancesOf(key.name, signal);
    return instances?.some(({ id, nonce }) => id === key.id && nonce === key.nonce);
  }

  /** Whether readers are still handed this instance; undefined when the registry has no read side. */
  async isInTraffic(key: InstanceKey, signal: AbortSignal): Promise<boolean | undefined> {
    const instances = await this.instancesOf(key.name, signal);
    return instances?.some(
      ({ id, nonce, status }) => id === key.id && nonce === key.nonce && (status === 'passing' || status === 'warning'),
    );
  }

  /** All instances of a service, as its readers see them; undefined when the registry has no read side. */
  async instancesOf(name: string, signal: AbortSignal): Promise<readonly DiscoveredInstance[] | undefined> {
    return (await this.discovery?.poll(name, undefined, signal))?.instances;
  }

  /** For this user alone: its verbs are refused from now on. The last user of the registry closes it. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#guard.close();
    const left = (users().get(this.#inner) ?? 1) - 1;
    users().set(this.#inner, left);
    if (left === 0) await this.#settled('close', undefined, () => this.#inner.close());
  }

  #boundedRegistration(inner: Registration): Registration {
    const changed = inner.changed?.bind(inner);
    const boundedPresence = () => {
      const { presence } = inner;
      return (
        presence && {
          place: presence.place,
          present: (keys: readonly InstanceKey[], signal: AbortSignal) =>
            this.#bounded('list', signal, (bounded) => presence.present(keys, bounded)),
        }
      );
    };
    return {
      holder: () => inner.holder(),
      level: () => inner.level?.() ?? 0,
      provisional: () => inner.provisional?.() ?? false,
      hasStaleCredentials: () => inner.hasStaleCredentials?.() ?? false,
      renew: (report, signal) =>
        this.#write('renew', signal, (bounded) => inner.renew(report, bounded), this.#beatDeadlineMs),
      deregister: (signal) => this.#bounded('deregister', signal, (bounded) => inner.deregister(bounded)),
      get presence() {
        return boundedPresence();
      },
      ...(changed && {
        changed: (signal: AbortSignal) =>
          this.#bounded('changed', signal, changed, this.deadlines.heldMs).catch(unlessTimeIsUp),
      }),
    };
  }

  async #write<T>(
    operation: string,
    signal: AbortSignal,
    verb: (signal: AbortSignal) => Promise<T>,
    deadlineMs?: number,
  ): Promise<T> {
    let going: Promise<T> | undefined;
    try {
      return await this.#bounded(operation, signal, (bounded) => (going = verb(bounded)), deadlineMs);
    } catch (error) {
      if (!isAnswer(error) && !wasNeverSent(error)) {
        this.#doubt = { ...this.#doubt, answeredAt: undefined };
        this.#outwait(going);
      }
      throw error;
    }
  }

  /** A verb may go on although nobody waits for it any more; until it has ended nothing is proven. */
  #outwait(going: Promise<unknown> | undefined): void {
    if (going === undefined) return;
    this.#pendingAfterCutOff += 1;
    const over = () => {
      this.#pendingAfterCutOff -= 1;
    };
    going.then(over, over);
  }

  #bounded<T>(
    operation: string,
    signal: AbortSignal,
    verb: (signal: AbortSignal) => Promise<T>,
    deadlineMs?: number,
  ): Promise<T> {
    return this.#guard.run(operation, signal, () => this.#settled(operation, signal, verb, deadlineMs));
  }

  /** Settles within the deadline, and rejects with nothing but our own errors. */
  #settled<T>(
    operation: string,
    signal: AbortSignal | undefined,
    verb: (signal: AbortSignal) => Promise<T>,
    deadlineMs = this.deadlines.requestMs,
  ): Promise<T> {
    return withDeadline(this.#clock, deadlineMs, { registry: this.name, operation }, signal, verb).then(
      (value) => {
        this.#answered();
        return value;
      },
      (thrown: unknown) => {
        signal?.throwIfAborted();
        if (!isRegistrarError(thrown)) {
          const cause = asError(thrown);
          throw new RegistryUnavailableError(`${this.name} ${operation}: ${cause.message}`, {
            registry: this.name,
            operation,
            cause,
          });
        }
        if (isAnswer(thrown)) this.#answered();
        throw thrown;
      },
    );
  }

  /** A doubt ends when the registry has been answering for a while and no verb of ours is still on its way. */
  #answered(): void {
    if (this.#doubt === undefined || this.#pendingAfterCutOff > 0) return;
    const now = this.#clock.now();
    this.#doubt.answeredAt ??= now;
    if (now - this.#doubt.answeredAt >= SETTLE_MS) this.#doubt = undefined;
  }
}

/** Not every registry ends a poll by itself; nothing that was heard for so long is worth a look as well. */
function unlessTimeIsUp(error: unknown): void {
  if (!hasCode(error, 'ROLLCALL_TIMEOUT')) throw error;
}

/** No connection came about, so nothing can arrive later. */
function wasNeverSent(error: unknown): boolean {
  const { cause } = asError(error);
  return isError(cause) && 'syscall' in cause && (cause.syscall === 'connect' || cause.syscall === 'getaddrinfo');
}

/** Several Registrars may have been given one registry: the last of them closes it. */
const users = (): WeakMap<Registry, number> => processWide('registry users', () => new WeakMap());
