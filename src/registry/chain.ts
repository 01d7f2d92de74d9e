import { systemClock } from '../clock.js';
import type { Clock } from '../clock.js';
import type { Discovery } from '../discovery/discovery.js';
import { asError } from '../errors.js';
import type { HealthReport } from '../health/report.js';
import type { InstanceKey, ServiceInstance } from '../instance/service-instance.js';
import { ChainDiscovery } from './chain-discovery.js';
import { ChainRegistration } from './chain-registration.js';
import { Holding } from './holding.js';
import type { Member } from './member.js';
import { Members, available } from './members.js';
import type { MembersPlan } from './members.js';
import { joinSecrets } from '../resilience/secrets.js';
import type { Secrets } from '../resilience/secrets.js';
import type { Deadlines, Entry, MemberFigures, Registration, Registry, RegistryEndpoint } from './registry.js';
import type { WorkerSpec } from './worker-spec.js';

export interface ChainPlan extends MembersPlan {
  readonly name: string;
  readonly workerSpec?: WorkerSpec | undefined;
  readonly clock?: Clock;
  /** An instance may be in any of the members: readers are given what all of them have. @default false */
  readonly gathers?: boolean;
}

/**
 * Several registries that stand for one: what the preferred one cannot do is done by the next. It has no loop of its own; every
 * beat and every read carries it a step on.
 */
export class Chain implements Registry {
  readonly name: string;
  readonly nearby: boolean;
  readonly suppliesAddress: boolean;
  readonly endpoint: RegistryEndpoint | undefined;
  readonly discovery: Discovery;
  readonly deadlines: Deadlines;
  readonly secrets: Secrets;
  readonly #workerSpec: WorkerSpec | undefined;
  readonly #clock: Clock;
  readonly #members: Members;
  readonly #holdings = new Map<string, Holding>();

  constructor(registries: readonly Registry[], plan: ChainPlan) {
    this.name = plan.name;
    this.#workerSpec = plan.workerSpec;
    this.#clock = plan.clock ?? systemClock;
    this.#members = new Members(plan.name, registries, plan, this.#clock);
    this.nearby = registries[0]?.nearby ?? false;
    // An address that one of them would not fill in has to be found for all.
    this.suppliesAddress = registries.every(({ suppliesAddress }) => suppliesAddress);
    this.endpoint = (registries.find(({ nearby, endpoint }) => !nearby && endpoint !== undefined) ?? registries[0])?.endpoint;
    const deadlines = this.#members.all.map(({ registry }) => registry.deadlines);
    this.deadlines = { requestMs: Math.max(...deadlines.map(({ requestMs }) => requestMs)), heldMs: Math.max(...deadlines.map(({ heldMs }) => heldMs)) };
    this.discovery = new ChainDiscovery(this.#members, plan.gathers ?? false);
    this.secrets = joinSecrets(registries.flatMap(({ secrets }) => secrets ?? []));
  }

  /** Not a field: whoever prints the chain must not print the tokens in it. */
  get workerSpec(): WorkerSpec | undefined {
    return this.#workerSpec;
  }

  /** Whether whoever holds our entries now makes probes, or before there are any whether somebody will. */
  get probes(): boolean {
    const holders = [...this.#holdings.values()].flatMap(({ current }) => current?.member ?? []);
    return (holders.length === 0 ? this.#members.all : holders).some(({ registry }) => registry.probes);
  }

  get members(): readonly MemberFigures[] {
    return this.#members.ranked.map(({ figures }) => figures);
  }

  get inDoubt(): boolean {
    return this.#members.all.some(({ registry }) => registry.inDoubt);
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const holding = this.#holdingOf(key);
    if (holding !== undefined && holding.current === undefined) {
      const left = await holding.find(key, signal);
      if (left === undefined && !this.inDoubt) this.#holdings.delete(slotOf(key));
      return left;
    }
    return this.#members.firstAnswer('read', this.#candidates(holding), signal, (member) => member.registry.read(key, signal));
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const holding = this.#holdingOf(instance) ?? new Holding(instance, this.#clock);
    this.#holdings.set(slotOf(instance), holding);
    await this.#members.firstAnswer('register', this.#candidates(holding), signal, async (member) => {
      holding.writingTo(member, instance);
      const registration = await member.registry.register(instance, report, signal);
      signal.throwIfAborted();
      holding.moveTo(member, registration);
    });
    return new ChainRegistration(this.name, this.#members, holding);
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    const holding = this.#holdingOf(key);
    if (holding !== undefined) await holding.leave(signal);
    else await this.#members.firstAnswer('remove', this.#candidates(undefined), signal, (member) => member.registry.remove(key, signal));
  }

  adopt(instance: ServiceInstance, holder: string | undefined): void {
    const holding = new Holding(instance, this.#clock);
    for (const member of this.#members.all) {
      holding.writingTo(member, instance);
      if (member.registry.name === holder) holding.renewedAt(member);
    }
    this.#holdings.set(slotOf(instance), holding);
  }

  /** Where the entry is; a holder without maintenance is taken out of traffic by the heartbeats. */
  get maintain(): Registry['maintain'] {
    if (this.#members.all.every(({ registry }) => registry.maintain === undefined)) return undefined;
    return (key, reason, signal) => this.#members.firstAnswer('maintain', this.#candidates(this.#holdingOf(key)), signal, async ({ registry }) => registry.maintain?.(key, reason, signal));
  }

  get warnings(): readonly string[] {
    return this.#members.all.flatMap(({ registry }) => registry.warnings);
  }

  async close(): Promise<void> {
    this.#holdings.clear();
    const outcomes = await Promise.allSettled(this.#members.all.map(({ registry }) => registry.close()));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw asError(failed.reason);
  }

  #candidates(holding: Holding | undefined): readonly Member[] {
    const { ranked } = this.#members;
    const current = holding?.current?.member;
    return available(current === undefined ? ranked : [current, ...ranked.filter((member) => member !== current)]);
  }

  #holdingOf(key: InstanceKey): Holding | undefined {
    return this.#holdings.get(slotOf(key));
  }
}

function slotOf({ id, nonce }: InstanceKey): string {
  return `${nonce ?? ''} ${id}`;
}
