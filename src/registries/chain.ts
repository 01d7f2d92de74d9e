import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import type { Departure, DepartureRequest } from '../contracts/departure.js';
import { asError } from '../core/errors.js';
import type { HealthReport } from '../contracts/health-report.js';
import { keyOf } from '../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import { ChainDiscovery } from './chain-discovery.js';
import { ChainRegistration } from './chain-registration.js';
import { Placement } from './placement.js';
import type { Member } from './member.js';
import { Members, available } from './members.js';
import type { MembersPlan } from './members.js';
import type { Probe } from './prober.js';
import { composition } from '../contracts/composed-registry.js';
import type { ComposedRegistry, MemberFigures, ReaderChoice } from '../contracts/composed-registry.js';
import { joinCredentials } from '../contracts/credentials.js';
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

/** How a chain ranks, measures and skips its members. */
export interface ChainPlan extends MembersPlan {
  readonly name: string;
  readonly workerSpec?: WorkerSpec | undefined;
  readonly clock?: Clock;
  /** True: an instance may be in any member, so readers get what all members have. @default false */
  readonly gathers?: boolean;
}

/**
 * Several registries that act as one: when the preferred one does not answer, the next one is used. It has no loop of
 * its own; beats and reads drive its failover.
 */
export function chainOf(registries: readonly Registry[], plan: ChainPlan): ComposedRegistry {
  return new Chain(registries, plan);
}

class Chain implements ComposedRegistry {
  readonly [composition] = true;
  readonly name: string;
  readonly endpoint: RegistryEndpoint | undefined;
  readonly discovery: ChainDiscovery;
  readonly deadlines: Deadlines;
  readonly credentials: Credentials;
  readonly #traits: RegistryTraits;
  readonly #workerSpec: WorkerSpec | undefined;
  readonly #clock: Clock;
  readonly #members: Members;
  readonly #gathers: boolean;
  readonly #placements = new Map<string, Placement>();

  constructor(registries: readonly Registry[], plan: ChainPlan) {
    this.name = plan.name;
    this.#workerSpec = plan.workerSpec;
    this.#clock = plan.clock ?? systemClock;
    this.#members = new Members(plan.name, registries, plan, this.#clock);
    this.#traits = {
      isLocal: registries[0]?.traits.isLocal ?? false,
      // If one member does not fill in the address, we have to find it for all.
      suppliesAddress: registries.every(({ traits }) => traits.suppliesAddress),
      inProcess: registries.every(({ traits }) => traits.inProcess === true),
    };
    this.endpoint = (
      registries.find(({ traits, endpoint }) => !traits.isLocal && endpoint !== undefined) ?? registries[0]
    )?.endpoint;
    const deadlines = this.#members.all.map(({ registry }) => registry.deadlines);
    this.deadlines = {
      requestMs: Math.max(...deadlines.map(({ requestMs }) => requestMs)),
      heldMs: Math.max(...deadlines.map(({ heldMs }) => heldMs)),
    };
    this.#gathers = plan.gathers ?? false;
    this.discovery = new ChainDiscovery(this.#members, this.#gathers);
    this.credentials = joinCredentials(registries.map(({ credentials }) => credentials));
  }

  /** A getter, so that printing the chain does not print the tokens in it. */
  get workerSpec(): WorkerSpec | undefined {
    return this.#workerSpec;
  }

  /** Computed at each call, because `probes` depends on the members that hold our entries. */
  get traits(): RegistryTraits {
    return { ...this.#traits, probes: this.#probes };
  }

  /** True if a holder of our entries makes probes; before the first registration, if any member does. */
  get #probes(): boolean {
    const holders = [...this.#placements.values()].flatMap(({ current }) => current?.member ?? []);
    return (holders.length === 0 ? this.#members.all : holders).some(({ registry }) => registry.traits.probes === true);
  }

  get readers(): readonly Registry[] {
    return this.#members.all.map(({ reader }) => reader);
  }

  get choice(): ReaderChoice | undefined {
    return this.#gathers ? undefined : this.discovery;
  }

  get members(): readonly MemberFigures[] {
    return this.#members.ranked.map(({ figures }) => figures);
  }

  /** A silent member without a heartbeat of ours is left aside: what it may yet write never passes. */
  get inDoubt(): boolean {
    return this.#members.all.some((member) => member.registry.inDoubt && !this.#isLeftAside(member));
  }

  get unreached(): readonly string[] {
    return this.#members.all
      .filter((member) => member.registry.inDoubt && this.#isLeftAside(member))
      .map(({ name }) => name);
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const placement = this.#placementOf(key);
    this.#members.serve(key.ttlMs);
    if (placement?.isLeaving === true) {
      const remaining = await placement.find(key, signal);
      if (remaining === undefined && !this.inDoubt) this.#placements.delete(slotOf(key));
      return remaining;
    }
    const read: Probe = (member, bounded) => member.registry.read(key, bounded);
    return this.#members.firstAnswer(
      'read',
      this.#candidates(placement),
      signal,
      (member, bounded) => member.registry.read(key, bounded),
      read,
    );
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const placement = this.#placementOf(instance) ?? new Placement(instance, this.#clock);
    this.#placements.set(slotOf(instance), placement);
    this.#members.serve(instance.ttlMs);
    await this.#members.firstAnswer(
      'register',
      this.#candidates(placement),
      signal,
      async (member, bounded) => {
        placement.writingTo(member, instance);
        const registration = await member.registry.register(instance, report, bounded);
        // A late success never moves the holder back.
        bounded.throwIfAborted();
        placement.moveTo(member, registration);
      },
      (member, bounded) => member.registry.read(keyOf(instance), bounded),
    );
    return new ChainRegistration(this.name, this.#members, placement);
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    const placement = this.#placementOf(key);
    if (placement !== undefined) await placement.leave(signal);
    else
      await this.#members.firstAnswer('remove', this.#candidates(undefined), signal, (member, bounded) =>
        member.registry.remove(key, bounded),
      );
  }

  /** The departures from each member that may hold the entry. */
  departures(request: DepartureRequest): readonly Departure[] {
    const holders = this.#placementOf(request.instance)?.holders ?? [];
    return holders.flatMap(({ registry }) => registry.departures(request));
  }

  adopt(instance: ServiceInstance, holder: string | undefined): void {
    const placement = new Placement(instance, this.#clock);
    for (const member of this.#members.all) {
      placement.writingTo(member, instance);
      if (member.registry.name !== holder) continue;
      placement.heldBy(member);
      // It answered that client, whatever ours met there before.
      member.answered();
    }
    this.#placements.set(slotOf(instance), placement);
  }

  /** Sets maintenance at the holder. For a holder without maintenance, heartbeats take the entry out of traffic. */
  get maintain(): Registry['maintain'] {
    if (this.#members.all.every(({ registry }) => registry.maintain === undefined)) return undefined;
    return (key, reason, signal) =>
      this.#members.firstAnswer('maintain', this.#candidates(this.#placementOf(key)), signal, async ({ registry }) =>
        registry.maintain?.(key, reason, signal),
      );
  }

  get warnings(): readonly string[] {
    return this.#members.all.flatMap(({ registry }) => registry.warnings);
  }

  async close(): Promise<void> {
    this.#placements.clear();
    const outcomes = await Promise.allSettled(this.#members.all.map(({ registry }) => registry.close()));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw asError(failed.reason);
  }

  #candidates(placement: Placement | undefined): readonly Member[] {
    const { ranked } = this.#members;
    const current = placement?.first;
    return available(current === undefined ? ranked : [current, ...ranked.filter((member) => member !== current)]);
  }

  #isLeftAside(member: Member): boolean {
    return member.isSilent && ![...this.#placements.values()].some((placement) => placement.mayPass(member));
  }

  #placementOf(key: InstanceKey): Placement | undefined {
    return this.#placements.get(slotOf(key));
  }
}

function slotOf({ id, nonce }: InstanceKey): string {
  return `${nonce ?? ''} ${id}`;
}
