import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import type { Clock } from '../core/clock.js';
import { ejectionMs, FAILURES_IN_A_ROW, mostEjected } from './ejection.js';
import { incarnationKey, InstanceLoad } from './instance-load.js';
import { orders } from './orders.js';
import type { Balance, Choose } from './orders.js';
import type { Tier } from './locality-tiers.js';
import { PendingCalls, PERIOD_MS } from './pending-calls.js';
import { PickedCall } from './picked.js';
import type { Outcome } from './picked.js';
import { selectCandidates } from './select-candidates.js';
import type { Candidates, SelectionRules } from './select-candidates.js';
import { msBetween, ticksOf } from './ticks.js';

/** A failed call counts as at least this slow: failing is fast. */
const FAILED_MS = 100;
/** How often the weights of new instances rise. */
const RAMP_MS = 1_000;

/** A call to an instance of the balancer. */
export type BalancedCall = PickedCall<InstanceLoad>;

/** What the balancer tells. */
export interface BalancerNews {
  /** An instance gets no calls for some time. */
  ejected(load: InstanceLoad, forMs: number): void;
  /** Too few instances are usable; `false`: enough are again. */
  panic(isPanic: boolean, usable: number, known: number): void;
  /** A connection to an instance was refused. */
  refused(instance: ResolvedInstance): void;
}

export interface BalancerPlan extends SelectionRules {
  readonly clock: Clock;
  readonly random: () => number;
  readonly balance: Balance;
  readonly news: BalancerNews;
}

/** Chooses an instance for each call, and learns from how the calls end. */
export class Balancer {
  readonly #plan: BalancerPlan;
  readonly #choose: Choose;
  readonly #needsClock: boolean;
  readonly #salt: number;
  #loads = new Map<ResolvedInstance, InstanceLoad>();
  /** Of the caller; undefined: not known. */
  #datacenter: string | undefined;
  #candidates: Candidates;
  #usual: readonly InstanceLoad[] | undefined;
  /** Those that can serve and whose next call is their probe. */
  #due: readonly InstanceLoad[] = [];
  /** Calls whose instances are on trial. */
  readonly #probes = new Set<BalancedCall>();
  #period = 0;
  #cancelPeriod: (() => void) | undefined;
  #cancelRamp: (() => void) | undefined;

  constructor(plan: BalancerPlan) {
    this.#plan = plan;
    this.#choose = orders[plan.balance](plan.random);
    this.#needsClock = plan.balance === 'p2c';
    this.#salt = Math.floor(plan.random() * 2 ** 32);
    this.#candidates = selectCandidates([], plan, { now: 0 });
  }

  /** For people: what the calls have shown of each instance. */
  get loads(): Iterable<InstanceLoad> {
    return this.#loads.values();
  }

  /**
   * Replaces the instances; those without an origin are left out. From now on no other one is picked. `datacenter` is
   * that of the caller.
   */
  update(instances: readonly ResolvedInstance[], datacenter?: string): void {
    const now = this.#plan.clock.now();
    this.#datacenter = datacenter;
    const former = this.#loads;
    this.#loads = new Map();
    const unknown: ResolvedInstance[] = [];
    for (const instance of instances) {
      if (instance.origin === undefined) continue;
      const load = former.get(instance);
      if (load === undefined) unknown.push(instance);
      else this.#loads.set(instance, load);
      former.delete(instance);
    }
    // Another object for the same incarnation, which was updated.
    const left = new Map([...former.values()].map((load) => [incarnationKey(load.instance), load]));
    for (const instance of unknown) {
      const key = incarnationKey(instance);
      const load = left.get(key) ?? new InstanceLoad(instance, this, { salt: this.#salt, now });
      load.take(instance);
      left.delete(key);
      this.#loads.set(instance, load);
    }
    for (const load of left.values()) load.cancelTimer();
    this.#select();
  }

  /** Undefined if there is none. `avoid`: not the same instance, if there is another, and none that fails, likewise. */
  pick(avoid?: BalancedCall): BalancedCall | undefined {
    const now = this.#needsClock ? ticksOf(this.#plan.clock.now()) : 0;
    const list = this.#usual;
    const load = list === undefined || avoid !== undefined ? this.#next(avoid, now) : this.#choose(list, now);
    if (load === undefined) return undefined;
    load.pending.begun += 1;
    const picked = new PickedCall(load, this.#period, now);
    if (list === undefined) this.#watch(picked);
    return picked;
  }

  settle(picked: BalancedCall, outcome: Outcome, period: number): void {
    const { load } = picked;
    load.pending.end(period, this.#period);
    const isProbe = this.#probes.size > 0 && this.#probes.delete(picked);
    if (outcome === 'ok') this.#worked(picked, isProbe);
    else if (outcome !== 'ignored') this.#failed(picked, isProbe);
    else if (isProbe) this.#makeDue(load, 'gaveUp');
    if (outcome === 'refused') this.#plan.news.refused(picked.instance);
  }

  close(): void {
    for (const load of this.#loads.values()) load.cancelTimer();
    this.#loads.clear();
    this.#due = [];
    this.#cancelPeriod?.();
    this.#cancelRamp?.();
    this.#candidates = selectCandidates([], this.#plan, { now: 0 });
    this.#findUsual();
  }

  #next(avoid: BalancedCall | undefined, now: number): InstanceLoad | undefined {
    const other = avoid && this.#othersThan(avoid);
    if (other !== undefined) return this.#choose(other, now);
    const [due] = this.#due;
    if (due !== undefined) return due;
    const tier = this.#chooseTier();
    return tier && this.#choose(tier.list, now);
  }

  #chooseTier(): Tier | undefined {
    const { tiers } = this.#candidates;
    if (tiers.length < 2) return tiers[0];
    let at = this.#plan.random();
    return tiers.find(({ share }) => (at -= share) < 0) ?? tiers.at(-1);
  }

  /** For a second try, for which a third one does not make up: several may have ended since the last update. */
  #othersThan({ load: avoided }: BalancedCall): readonly InstanceLoad[] | undefined {
    const others = this.#candidates.tiers.map(({ list }) => list.filter((load) => load !== avoided));
    const working = others.map((list) => list.filter(({ failedInRow }) => failedInRow === 0));
    return [...working, ...others].find(({ length }) => length > 0);
  }

  /** What a pick is chosen of where there is nothing else to do, as nearly always; undefined otherwise. */
  #findUsual(): void {
    const [nearest] = this.#candidates.tiers;
    const isUsual = nearest?.share === 1 && this.#due.length === 0 && this.#cancelPeriod !== undefined;
    this.#usual = isUsual ? nearest.list : undefined;
  }

  /** The first call after a pause, or to an instance that is on trial. */
  #watch(picked: BalancedCall): void {
    if (this.#cancelPeriod === undefined) this.#watchPeriods();
    if (picked.load.transition('probed')) {
      this.#probes.add(picked);
      this.#due = this.#due.filter((load) => load !== picked.load);
    }
    this.#findUsual();
  }

  #has(load: InstanceLoad): boolean {
    return this.#loads.get(load.instance) === load;
  }

  #makeDue(load: InstanceLoad, transition: 'elapsed' | 'gaveUp'): void {
    if (load.transition(transition) && this.#has(load)) this.#select();
  }

  #worked({ load, startedAt }: BalancedCall, isProbe: boolean): void {
    const wasFailing = load.failedInRow > 0;
    load.failedInRow = 0;
    if (wasFailing) load.latency.forget();
    if (this.#needsClock) {
      const now = ticksOf(this.#plan.clock.now());
      load.latency.observe(msBetween(startedAt, now), now);
    }
    if (!isProbe || !load.transition('worked')) return;
    load.ejections = 0;
    this.#select();
  }

  #failed({ load, startedAt }: BalancedCall, isProbe: boolean): void {
    load.failures += 1;
    load.failedInRow += 1;
    if (this.#needsClock) {
      const now = ticksOf(this.#plan.clock.now());
      load.latency.observe(Math.max(FAILED_MS, msBetween(startedAt, now)), now);
    }
    if (!this.#has(load)) return;
    if (isProbe) this.#eject(load, 'failed');
    else if (load.state === 'in' && load.failedInRow >= FAILURES_IN_A_ROW) this.#tryToEject(load);
  }

  #tryToEject(load: InstanceLoad): void {
    const { serving } = this.#candidates;
    const ejected = serving.filter(({ state }) => state !== 'in');
    const most = mostEjected(serving.length);
    if (ejected.length < most) {
      this.#eject(load, 'ejected');
      return;
    }
    const areAllFailing = serving.every(({ state, failedInRow }) => state !== 'in' || failedInRow >= FAILURES_IN_A_ROW);
    const [longest] = ejected.sort((one, other) => one.ejectedAt - other.ejectedAt);
    if (!areAllFailing || longest === undefined) return;
    // All fail, and those that are out may work by now.
    this.#readmit(longest);
    this.#eject(load, 'ejected');
  }

  #eject(load: InstanceLoad, transition: 'ejected' | 'failed'): void {
    if (!load.transition(transition)) return;
    const { clock, random, news } = this.#plan;
    load.ejections += 1;
    load.ejectedAt = clock.now();
    const forMs = ejectionMs(load.ejections, random);
    load.cancelTimer();
    load.cancelTimer = clock.after(forMs, () => {
      this.#makeDue(load, 'elapsed');
    });
    this.#select();
    news.ejected(load, forMs);
  }

  #readmit(load: InstanceLoad): void {
    load.cancelTimer();
    load.transition('rotated');
    load.failedInRow = 0;
    load.latency.forget();
  }

  #select(): void {
    const { slowStartMs, clock, news } = this.#plan;
    const now = clock.now();
    const before = this.#candidates;
    this.#candidates = selectCandidates(this.#loads.values(), this.#plan, { datacenter: this.#datacenter, now });
    this.#due = this.#candidates.serving.filter(({ state }) => state === 'due');
    this.#findUsual();
    if (slowStartMs > 0 && this.#isAnyNew(now - slowStartMs)) this.#ramp();
    const { isPanic, usable, known } = this.#candidates;
    if (isPanic !== before.isPanic && known > 0) news.panic(isPanic, usable, known);
  }

  #isAnyNew(since: number): boolean {
    for (const { firstSeenAt } of this.#loads.values()) if (firstSeenAt > since) return true;
    return false;
  }

  #ramp(): void {
    this.#cancelRamp ??= this.#plan.clock.after(RAMP_MS, () => {
      this.#cancelRamp = undefined;
      this.#select();
    });
  }

  /** Only while calls are under way. */
  #watchPeriods(): void {
    this.#cancelPeriod = this.#plan.clock.after(PERIOD_MS, () => {
      this.#period += 1;
      this.#cancelPeriod = undefined;
      let isBusy = false;
      for (const { pending } of this.#loads.values()) {
        pending.enter(this.#period);
        isBusy ||= pending.count > 0;
      }
      for (const probe of this.#probes) {
        if (PendingCalls.counts(probe.period, this.#period)) continue;
        this.#probes.delete(probe);
        this.#makeDue(probe.load, 'gaveUp');
      }
      if (isBusy) this.#watchPeriods();
      this.#findUsual();
    });
  }
}
