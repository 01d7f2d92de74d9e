import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import type { HttpAnswer, HttpExchange, HttpRequest } from '../../../src/integrations/testing/http-rewriter.js';
import type { ForkedService } from '../../support/fork-service.js';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import { waitFor } from '../../support/wait-for.js';
import type { CatalogReader } from '../experiment/catalog-reader.js';
import { wallClock } from '../experiment/history.js';
import { every, pause } from '../experiment/pause.js';
import { isOf, mischief } from './fault-kinds.js';
import type { FromFaults, ToFaults } from './faults-plan.js';
import type { FaultKind, Verb } from './judge-faults.js';

/** Longer than the TTL: who cannot beat is out of traffic by then. */
const FAULT_MS = 4_000;
const LOOK_EVERY_MS = 10;
/** Longer than the bound, so that a broken one is measured and not cut off. */
const GIVE_UP_MS = 20_000;

export interface CellPlan {
  readonly who: 'ours' | 'control';
  readonly fault: FaultKind;
  readonly verb: Verb;
  readonly round: number;
  readonly consul: ConsulServer;
  readonly reader: CatalogReader;
  readonly service: ForkedService;
  readonly ttlMs: number;
  readonly intervalMs: number;
}

/** One instance behind a proxy of its own that spoils one verb for a while. Resolves to how many requests met that, and how long after it was over all was well. */
export async function observeCell(plan: CellPlan): Promise<{ hits: number; backMs: number | undefined }> {
  const { who, fault, verb, round, consul, reader, service, ttlMs, intervalMs } = plan;
  const id = `${who}-${fault}-${verb}-${round}`.replaceAll(' ', '-');
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: consul.port } });
  const spoilt = new Spoilt(fault, (request) => isOf(verb, request));
  await proxy.intercept((request) => spoilt.before(request));
  await proxy.rewrite((exchange) => spoilt.after(exchange));
  const send = (message: ToFaults) => service.send(message);
  const isPassing = async () => (await reader.look(id, 'passing')).entries?.length === 1;
  try {
    if (verb === 'register') spoilt.begin();
    send({ ask: 'start', id, url: proxy.url, who, ttlMs, intervalMs });
    if (verb !== 'register') {
      await waitFor(isPassing, { timeoutMs: GIVE_UP_MS });
      spoilt.begin();
    }
    if (verb === 'deregister') send({ ask: 'stop', id });
    // So that there is something to look at, and to notice.
    if (verb === 'look' || verb === 'held poll') await reader.put(`/v1/agent/service/deregister/${id}`);
    await pause(FAULT_MS);
    spoilt.heal();
    const healedAt = wallClock();
    const isWell = verb === 'deregister' ? async () => (await reader.look(id)).entries?.length === 0 : isPassing;
    let back = false;
    const look = async () => {
      back = await isWell();
    };
    await every(LOOK_EVERY_MS, look, () => back, GIVE_UP_MS);
    const backMs = back ? wallClock() - healedAt : undefined;
    if (verb !== 'deregister') send({ ask: 'stop', id });
    if (who === 'ours')
      await service.waitForMessage((message): message is FromFaults => isStopped(message, id), GIVE_UP_MS);
    return { hits: spoilt.hits, backMs };
  } finally {
    spoilt.heal();
    await proxy.close();
  }
}

/** Spoils the requests of one verb from `begin` to `heal`. */
class Spoilt {
  readonly #fault: FaultKind;
  readonly #concerns: (request: Pick<HttpRequest, 'method' | 'path'>) => boolean;
  readonly #healed: Promise<void>;
  #heal: () => void = () => undefined;
  #isOn = false;
  hits = 0;

  constructor(fault: FaultKind, concerns: (request: Pick<HttpRequest, 'method' | 'path'>) => boolean) {
    this.#fault = fault;
    this.#concerns = concerns;
    this.#healed = new Promise((resolve) => (this.#heal = resolve));
  }

  begin(): void {
    this.#isOn = true;
  }

  heal(): void {
    this.#isOn = false;
    this.#heal();
  }

  before(request: HttpRequest): Promise<HttpAnswer | undefined> | undefined {
    if (!this.#isOn || !this.#concerns(request)) return undefined;
    this.hits += 1;
    return mischief[this.#fault].before?.(this.#healed);
  }

  after(exchange: HttpExchange): HttpAnswer | Promise<HttpAnswer> | undefined {
    return this.#isOn && this.#concerns(exchange) ? mischief[this.#fault].after?.(exchange, this.#healed) : undefined;
  }
}

function isStopped(message: unknown, id: string): boolean {
  const told = message as FromFaults;
  return told.kind === 'stopped' && told.id === id;
}
