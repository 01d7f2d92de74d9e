import type { ConsulServer } from '../../support/servers/consul-server.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import type { RawConsul } from '../../support/servers/raw-consul.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import type { Place, TwoAgentsEvent } from './judge-two-agents.js';

interface Row {
  readonly Node: { readonly Node: string };
  readonly Service: { readonly Port: number };
  readonly Checks: readonly { readonly Status: string }[];
}

interface Sight {
  readonly entries: readonly Place[];
  readonly passing: readonly Place[];
}

const ANSWER_WITHIN_MS = 250;
/** The other instance's, which is not ours to count. */
const SUCCESSORS_PORT = 4000;

/** Reads what readers of either service are told, and notes it when it changes. */
export class Onlooker {
  readonly #history: History<TwoAgentsEvent>;
  readonly #agents: Readonly<Record<Place, ConsulServer>>;
  /** Who readers ask: one agent of a datacenter each. */
  readonly #readers: readonly RawConsul[];
  readonly #writers = new Map<string, RawConsul>();
  readonly #sights = new Map<'ours' | 'control', Sight>();

  constructor(
    history: History<TwoAgentsEvent>,
    agents: Readonly<Record<Place, ConsulServer>>,
    urls: readonly string[],
  ) {
    this.#history = history;
    this.#agents = agents;
    this.#readers = urls.map((url) => rawConsul(url, { timeoutMs: ANSWER_WITHIN_MS }));
  }

  /** One look at both. A datacenter that does not answer has no readers. */
  async note(): Promise<void> {
    for (const who of ['ours', 'control'] as const) {
      const rows = (await Promise.all(this.#readers.map((reader) => rowsOf(reader, who)))).flat();
      const at = wallClock();
      const places = rows.map((row) => ({
        place: this.#placeOf(row),
        isPassing: row.Checks.every(({ Status }) => Status === 'passing'),
      }));
      const sight = {
        entries: places.map(({ place }) => place).sort(),
        passing: places
          .filter(({ isPassing }) => isPassing)
          .map(({ place }) => place)
          .sort(),
      };
      if (JSON.stringify(sight) === JSON.stringify(this.#sights.get(who))) continue;
      this.#sights.set(who, sight);
      this.#history.note({ event: 'seen', who, at, ...sight });
    }
  }

  sees(who: 'ours' | 'control', entries: readonly Place[], passing: readonly Place[]): boolean {
    return JSON.stringify(this.#sights.get(who)) === JSON.stringify({ entries, passing });
  }

  passesAt(who: 'ours' | 'control', place: Place): boolean {
    return this.#sights.get(who)?.passing.includes(place) ?? false;
  }

  entriesOf(who: 'ours' | 'control'): number {
    return this.#sights.get(who)?.entries.length ?? 0;
  }

  async putAt(url: string, path: string, body?: unknown): Promise<void> {
    const { status } = await this.#writer(url).put(path, body);
    if (status !== 200) throw new Error(`${path} was answered with ${String(status)}`);
  }

  /** Whether the agent has an entry of this incarnation. */
  async holdsAt(url: string, id: string, nonce: string): Promise<boolean> {
    const services = (await this.#writer(url).get('/v1/agent/services')).json<
      Record<string, { Meta?: Record<string, string> }>
    >();
    return services[id]?.Meta?.rollcall_nonce === nonce;
  }

  close(): void {
    for (const consul of [...this.#readers, ...this.#writers.values()]) consul.close();
  }

  #writer(url: string): RawConsul {
    const writer = this.#writers.get(url) ?? rawConsul(url);
    this.#writers.set(url, writer);
    return writer;
  }

  #placeOf({ Node: { Node: node } }: Row): Place {
    return node === this.#agents.preferred.nodeName ? 'preferred' : 'other';
  }
}

async function rowsOf(reader: RawConsul, service: string): Promise<Row[]> {
  try {
    const answer = await reader.get(`/v1/health/service/${service}`);
    return answer.status === 200 ? answer.json<Row[]>().filter(({ Service }) => Service.Port !== SUCCESSORS_PORT) : [];
  } catch {
    return [];
  }
}
