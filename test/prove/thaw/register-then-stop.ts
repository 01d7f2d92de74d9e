import { Registrar, consul } from 'rollcall';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import type { RawConsul } from '../../support/servers/raw-consul.js';
import { waitFor } from '../../support/wait-for.js';
import { pause } from '../experiment/pause.js';
import type { GivenUp, ThawEvent } from './judge-thaw.js';
import { Relay } from './relay.js';
import { freeze, openConnections, thaw } from './stage.js';

const REGISTER = /PUT \/v1\/agent\/service\/register/g;

/** While the agent is frozen, each instance sends a register, gives it up and stops; then the agent goes on. */
export async function registerThenStop(
  agent: ConsulServer,
  runs: readonly number[],
  givenUp: GivenUp,
  random: () => number,
): Promise<ThawEvent[]> {
  const prefix = givenUp.replace(' ', '-').toLowerCase();
  const frozen = gate();
  const ours = await Promise.all(runs.map((run) => begin(agent, `${prefix}-ours-${run}`, givenUp, frozen.opened)));
  const plain = await Promise.all(runs.map((run) => PlainStop.begin(agent, `${prefix}-plain-${run}`, givenUp)));
  const ends: Promise<unknown>[] = [];
  try {
    for (const { registrar } of ours) registrar.update({ tags: ['new'] }).catch(() => undefined);
    await waitFor(() => ours.every((one) => one.isWriting));
    await freeze(agent);
    for (const { relay } of ours) relay.forget();
    frozen.open();
    for (const stop of plain) stop.register();
    await waitFor(() => [...ours, ...plain].every(({ relay }) => relay.count(REGISTER) >= 1));
    const before = ours.map(({ relay }) => relay.count(REGISTER));
    for (const { registrar } of ours) ends.push(registrar.stop());
    for (const stop of plain) stop.deregister();
    await pause(50 + random() * 200);
    const names = [...ours, ...plain].map(({ name }) => name);
    const seen = await thaw(agent, names, (entries) => entries.length > 0);
    const note = (who: ThawEvent['who'], run: number, sent: number): ThawEvent => {
      const counts = seen.get(`${prefix}-${who}-${run}`) ?? { looks: 0, wrong: 0 };
      return { story: 'register', givenUp, who, run, before: sent, ...counts };
    };
    return runs.flatMap((run, at) => [note('ours', run, before[at] ?? 0), note('plain', run, 1)]);
  } finally {
    agent.resume();
    frozen.open();
    await Promise.all(ends);
    for (const { relay } of ours) relay.close();
    for (const stop of plain) await stop.end();
  }
}

interface Ours {
  readonly name: string;
  readonly relay: Relay;
  readonly registrar: Registrar;
  /** Between the look and the write, so that it is the write that meets the frozen agent. */
  readonly isWriting: boolean;
}

async function begin(agent: ConsulServer, name: string, givenUp: GivenUp, frozen: Promise<void>): Promise<Ours> {
  const relay = await Relay.start(agent.port, givenUp);
  const registry = consul({ endpoints: [relay.url] });
  const register = registry.register.bind(registry);
  let writes = 0;
  registry.register = async (instance, report, signal) => {
    writes += 1;
    if (writes > 1) await frozen;
    return register(instance, report, signal);
  };
  const shutdown = { signals: false as const, drain: { min: 0 }, timeout: '15s' };
  const registrar = new Registrar({ name, port: 3000, ttl: '6s', registry, logger: false, shutdown });
  await registrar.start();
  return {
    ...{ name, relay, registrar },
    get isWriting() {
      return writes > 1;
    },
  };
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** What the control does: it gives the register up, deregisters on another connection, and believes that. */
class PlainStop {
  readonly name: string;
  readonly relay: Relay;
  readonly #registering: RawConsul;
  readonly #deregistering: RawConsul;

  private constructor(relay: Relay, name: string, registering: RawConsul, deregistering: RawConsul) {
    this.relay = relay;
    this.name = name;
    this.#registering = registering;
    this.#deregistering = deregistering;
  }

  static async begin(agent: ConsulServer, name: string, givenUp: GivenUp): Promise<PlainStop> {
    const relay = await Relay.start(agent.port, givenUp);
    const [registering, deregistering] = await openConnections(relay.url, 2);
    const stop = new PlainStop(relay, name, registering!, deregistering!);
    await stop.#register();
    relay.forget();
    return stop;
  }

  register(): void {
    this.#register().catch(() => undefined);
  }

  deregister(): void {
    this.#registering.close();
    this.#deregister().catch(() => undefined);
  }

  async end(): Promise<void> {
    await this.#deregister();
    this.#deregistering.close();
    this.relay.close();
  }

  async #register(): Promise<void> {
    const check = { CheckID: `${this.name}:ttl`, TTL: '60s', Status: 'passing' };
    await this.#registering.put('/v1/agent/service/register', { ID: this.name, Name: this.name, Check: check });
  }

  async #deregister(): Promise<void> {
    await this.#deregistering.put(`/v1/agent/service/deregister/${this.name}`);
  }
}
