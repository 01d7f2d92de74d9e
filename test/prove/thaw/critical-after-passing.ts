import { Registrar, consul } from 'rollcall';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import type { RawConsul } from '../../support/servers/raw-consul.js';
import { waitFor } from '../../support/wait-for.js';
import { PASSING_BEFORE } from './judge-thaw.js';
import type { ThawEvent } from './judge-thaw.js';
import { Relay } from './relay.js';
import { freeze, openConnections, thaw } from './stage.js';

const PASSING = /"Status":"passing"/g;
const CRITICAL = /"Status":"critical"/g;
/** Three intervals and the phases of the instances. */
const BEATS_WITHIN_MS = 15_000;

/** While the agent is frozen, each instance sends passing heartbeats, and then becomes critical. */
export async function criticalAfterPassing(agent: ConsulServer, runs: readonly number[]): Promise<ThawEvent[]> {
  const ours = await Promise.all(runs.map((run) => begin(agent, `ours-${run}`)));
  const plain = await Promise.all(runs.map((run) => PlainBeats.begin(agent.url, `plain-${run}`)));
  try {
    await freeze(agent);
    for (const { relay } of ours) relay.forget();
    for (const beats of plain) for (let sent = 0; sent < PASSING_BEFORE; sent += 1) beats.send('passing');
    await waitFor(() => ours.every(({ relay }) => relay.count(PASSING) >= PASSING_BEFORE), {
      timeoutMs: BEATS_WITHIN_MS,
    });
    const before = ours.map(({ relay }) => relay.count(PASSING));
    for (const { registrar } of ours) registrar.report('app', 'critical', 'it is broken');
    for (const beats of plain) beats.send('critical');
    await waitFor(() => ours.every(({ relay }) => relay.count(CRITICAL) >= 1));
    const names = [...ours, ...plain].map(({ name }) => name);
    const seen = await thaw(agent, names, (entries) => entries.some(({ passing }) => passing));
    const note = (who: ThawEvent['who'], run: number, name: string, sent: number): ThawEvent => {
      return { story: 'critical', who, run, before: sent, ...(seen.get(name) ?? { looks: 0, wrong: 0 }) };
    };
    return runs.flatMap((run, at) => [
      note('ours', run, `ours-${run}`, before[at] ?? 0),
      note('plain', run, `plain-${run}`, PASSING_BEFORE),
    ]);
  } finally {
    agent.resume();
    await Promise.all(ours.map(({ registrar }) => registrar.stop()));
    for (const { relay } of ours) relay.close();
    for (const beats of plain) await beats.end();
  }
}

interface Ours {
  readonly name: string;
  readonly relay: Relay;
  readonly registrar: Registrar;
}

async function begin(agent: ConsulServer, name: string): Promise<Ours> {
  const relay = await Relay.start(agent.port, 'FIN');
  const registrar = new Registrar({
    ...{ name, port: 3000, ttl: '3s', registry: consul({ endpoints: [relay.url] }), logger: false },
    health: { components: { app: { onFail: 'critical' } } },
    shutdown: { signals: false, drain: { min: 0 } },
  });
  await registrar.start();
  return { name, relay, registrar };
}

/** What the control does: it sends each heartbeat on its own connection, awaits no answer, and relies on their order. */
class PlainBeats {
  readonly name: string;
  readonly #connections: readonly RawConsul[];
  #sent = 0;

  private constructor(connections: readonly RawConsul[], name: string) {
    this.#connections = connections;
    this.name = name;
  }

  static async begin(url: string, name: string): Promise<PlainBeats> {
    const beats = new PlainBeats(await openConnections(url, PASSING_BEFORE + 1), name);
    const check = { CheckID: `${name}:ttl`, Name: 'Heartbeat', TTL: '60s', Status: 'passing' };
    await beats.#connections[0]?.put('/v1/agent/service/register', { ID: name, Name: name, Checks: [check] });
    return beats;
  }

  send(status: 'passing' | 'critical'): void {
    const connection = this.#connections[this.#sent];
    this.#sent += 1;
    connection?.put(`/v1/agent/check/update/${this.name}:ttl`, { Status: status }).catch(() => undefined);
  }

  async end(): Promise<void> {
    await this.#connections[0]?.put(`/v1/agent/service/deregister/${this.name}`);
    for (const connection of this.#connections) connection.close();
  }
}
