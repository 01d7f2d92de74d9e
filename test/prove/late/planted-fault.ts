import type { FaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import type { HttpExchange } from '../../../src/integrations/testing/http-rewriter.js';
import { wallClock } from '../experiment/history.js';
import type { LateCell, LateFault, LateVerb } from './judge-late.js';

/** Each answer takes so long: one and a half TTLs. */
const SLOW_MS = 4_500;

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

/** A fault of an agent that begins when it is told to, or once the agent has done what a request asks for: its answer meets the fault. */
export class PlantedFault {
  readonly #proxy: FaultProxy;
  readonly #fault: LateFault;
  readonly #first: LateCell['first'];
  #verb: LateVerb | undefined;
  /** When it began, on the wall clock. */
  struckAt: number | undefined;

  private constructor(proxy: FaultProxy, fault: LateFault, first: LateCell['first']) {
    this.#proxy = proxy;
    this.#fault = fault;
    this.#first = first;
  }

  static async plant(proxy: FaultProxy, fault: LateFault, first: LateCell['first']): Promise<PlantedFault> {
    const planted = new PlantedFault(proxy, fault, first);
    // Only HTTP has requests that the proxy can tell apart.
    if (first === 'redis') return planted;
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
    if (this.#fault === 'slow') await this.#proxy.delay(SLOW_MS / 2);
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
    return this.#fault === '500' && this.struckAt !== undefined ? { status: 500, body: 'no: 500' } : undefined;
  }
}
