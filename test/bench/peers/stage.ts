import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import { freePorts } from '../../support/servers/free-ports.js';
import type { CallerPlan, FromCaller, Phase, ToCaller } from './caller-plan.js';
import type { ContenderName, PeerWorld } from './contender.js';
import type { Counts, NumberedOrder, ServersAnswer, ServersOrder, ServersPlan } from './servers-plan.js';

export const INSTANCES = 8;
const SERVICE = 'orders';
const READY_WITHIN_MS = 60_000;

/** A Consul agent, and eight instances that are registered with it. */
export class Stage {
  readonly world: PeerWorld;
  readonly consul: ConsulServer;
  readonly #servers: ForkedService;
  #serial = 0;
  #stalledMs = 0;

  private constructor(world: PeerWorld, consul: ConsulServer) {
    this.world = world;
    this.consul = consul;
    const plan: ServersPlan = { world, instances: INSTANCES };
    this.#servers = forkService(new URL('servers.ts', import.meta.url), { words: [JSON.stringify(plan)] });
  }

  static async start(): Promise<Stage> {
    // All instances in each answer: the defaults give three of them, and do not say that there are more.
    const config = { dns_config: { udp_answer_limit: 2 * INSTANCES, enable_truncate: true } };
    const consul = await startConsul({ config });
    const [httpPort = 0, grpcPort = 0] = await freePorts(2);
    const { url: consulUrl, dnsPort } = consul;
    const stage = new Stage({ service: SERVICE, consulUrl, dnsPort, httpPort, grpcPort }, consul);
    try {
      await stage.#answer(0);
      return stage;
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  /** The longest that the instances stood still, since something else took the processor. */
  get stalledMs(): number {
    return this.#stalledMs;
  }

  /** Resolves when it is done, with what the callers sent since the last look. */
  async order(order: ServersOrder): Promise<Counts> {
    this.#serial += 1;
    const numbered: NumberedOrder = { serial: this.#serial, order };
    this.#servers.send({ ...numbered });
    return this.#answer(this.#serial);
  }

  async stop(): Promise<void> {
    await this.#servers.kill();
    await this.consul.stop();
  }

  async #answer(serial: number): Promise<Counts> {
    const isIt = (message: unknown): message is ServersAnswer => (message as ServersAnswer).serial === serial;
    const { counts, stalledMs } = await this.#servers.waitForMessage(isIt);
    this.#stalledMs = stalledMs;
    return counts;
  }
}

/** The processes that call, one a contender, all at the same time. */
export class Callers {
  readonly #processes: ReadonlyMap<ContenderName, ForkedService>;

  constructor(names: readonly ContenderName[], world: PeerWorld, callsPerSecond: number) {
    this.#processes = new Map(
      names.map((contender) => {
        const plan: CallerPlan = { contender, world, callsPerSecond };
        const options = { words: [JSON.stringify(plan)], env: { GRPC_NODE_USE_ALTERNATIVE_RESOLVER: 'true' } };
        return [contender, forkService(new URL('caller.ts', import.meta.url), options)];
      }),
    );
  }

  /** Resolves when all call without an error. */
  async ready(): Promise<void> {
    await this.#all('ready');
  }

  enter(phase: Phase): void {
    this.#tell({ phase });
  }

  async finish(): Promise<ReadonlyMap<ContenderName, Extract<FromCaller, { kind: 'result' }>>> {
    this.#tell({ finish: true });
    return this.#all('result');
  }

  async kill(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((each) => each.kill()));
  }

  #tell(message: ToCaller): void {
    for (const each of this.#processes.values()) each.send({ ...message });
  }

  async #all<Kind extends FromCaller['kind']>(kind: Kind) {
    type Message = Extract<FromCaller, { kind: Kind }>;
    const isIt = (message: unknown): message is Message => (message as FromCaller).kind === kind;
    const answers = [...this.#processes].map(
      async ([name, each]) => [name, await each.waitForMessage(isIt, READY_WITHIN_MS)] as const,
    );
    return new Map<ContenderName, Message>(await Promise.all(answers));
  }
}
