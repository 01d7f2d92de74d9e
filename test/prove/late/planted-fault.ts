import type { FaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import type { HttpExchange } from '../../../src/integrations/testing/http-rewriter.js';
import { wallClock } from '../experiment/history.js';
import type { LateFault, LateVerb } from './judge-late.js';

/** Each answer takes so long: one and a half TTLs. */
const SLOW_MS = 4_500;

const requests: Readonly<Record<LateVerb, RegExp>> = {
  read: /^GET /,
  register: /^PUT \/v1\/agent\/service\/register/,
  update: /^PUT \/v1\/agent\/service\/register/,
  beat: /^PUT \/v1\/agent\/check\/(update|pass)\//,
};

/** A fault of an agent that begins when it is told to, or once the agent has done what a request asks for: its answer meets the fault. */
export class PlantedFault {
  readonly #proxy: FaultProxy;
  readonly #fault: LateFault;
  #verb: LateVerb | undefined;
  /** When it began, on the wall clock. */
  struckAt: number | undefined;

  private constructor(proxy: FaultProxy, fault: LateFault) {
    this.#proxy = proxy;
    this.#fault = fault;
  }

  static async plant(proxy: FaultProxy, fault: LateFault): Promise<PlantedFault> {
    const planted = new PlantedFault(proxy, fault);
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
    const begins =
      this.struckAt === undefined && this.#verb !== undefined && requests[this.#verb].test(`${method} ${path}`);
    if (begins) await this.strike();
    return this.#refusal();
  }

  #refusal(): { status: number; body: string } | undefined {
    return this.#fault === '500' && this.struckAt !== undefined ? { status: 500, body: 'no: 500' } : undefined;
  }
}
