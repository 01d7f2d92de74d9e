import type { FaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import type { HttpExchange } from '../../../src/integrations/testing/http-rewriter.js';
import { wallClock } from '../experiment/history.js';
import type { LateCell, LateFault, LateVerb } from './judge-late.js';

const requests: Readonly<Record<'consul' | 'etcd', Readonly<Record<LateVerb, RegExp>>>> = {
  consul: {
    read: /^GET /,
    register: /^PUT \/v1\/agent\/service\/register/,
    update: /^PUT \/v1\/agent\/service\/register/,
    beat: /^PUT \/v1\/agent\/check\/(update|pass)\//,
    deregister: /^PUT \/v1\/agent\/service\/deregister/,
  },
  etcd: {
    read: /^POST \/v3\/kv\/range/,
    register: /^POST \/v3\/kv\/txn/,
    update: /^POST \/v3\/kv\/txn/,
    beat: /^POST \/v3\/lease\/keepalive/,
    deregister: /^POST \/v3\/lease\/revoke/,
  },
};

export interface FaultPlan extends Pick<LateCell, 'fault' | 'first'> {
  /** A round trip of a slow one. */
  readonly slowMs: number;
}

/** A fault of an agent that begins when it is told to, or once the agent has done what a request asks for: its answer meets the fault. */
export class PlantedFault {
  readonly #proxy: FaultProxy;
  readonly #fault: LateFault;
  readonly #first: LateCell['first'];
  readonly #slowMs: number;
  #isHealed = false;
  #verb: LateVerb | undefined;
  /** When it began, on the wall clock. */
  struckAt: number | undefined;

  private constructor(proxy: FaultProxy, { fault, first, slowMs }: FaultPlan) {
    this.#proxy = proxy;
    this.#fault = fault;
    this.#first = first;
    this.#slowMs = slowMs;
  }

  static async plant(proxy: FaultProxy, plan: FaultPlan): Promise<PlantedFault> {
    const planted = new PlantedFault(proxy, plan);
    // Only HTTP has requests that the proxy can tell apart.
    if (plan.first === 'redis') return planted;
    await proxy.intercept(() => planted.#refusal());
    await proxy.rewrite((exchange) => planted.#after(exchange));
    return planted;
  }

  /** It begins with the next request of this kind. */
  strikeAt(verb: LateVerb): void {
    this.#verb = verb;
  }

  async strike(): Promise<void> {
    this.struckAt = wallClock();
    if (this.#fault === 'silent') await this.#proxy.stall();
    if (this.#fault === 'reset') await this.#proxy.reset();
    if (this.#fault === 'slow') await this.#proxy.delay(this.#slowMs / 2);
  }

  /** Ends it, for good. What was held up arrives now, as behind a cable that is plugged in again. */
  async heal(): Promise<void> {
    this.#isHealed = true;
    await this.#proxy.pass();
  }

  async #after({ method, path }: HttpExchange): Promise<{ status: number; body: string } | undefined> {
    const begins = this.struckAt === undefined && this.#pattern?.test(`${method} ${path}`) === true;
    if (begins) await this.strike();
    return this.#refusal();
  }

  get #pattern(): RegExp | undefined {
    return this.#verb && this.#first !== 'redis' ? requests[this.#first][this.#verb] : undefined;
  }

  #refusal(): { status: number; body: string } | undefined {
    return this.#fault === '500' && this.struckAt !== undefined && !this.#isHealed
      ? { status: 500, body: 'no: 500' }
      : undefined;
  }
}
