import { Agent, get } from 'node:http';
import { consul } from '../../../src/index.js';
import { createResolver } from '../../../src/discovery/resolver.js';
import type { ResolvedService } from '../../../src/discovery/resolved-service.js';
import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { pause } from '../experiment/pause.js';
import { table } from '../experiment/table.js';
import type { Fault } from './faults.js';
import { FAULT_FROM_MS, HEALED_AT_MS, SCENARIO_MS, SERVERS, judgeBalance } from './judge-balance.js';
import type { Caller, CallRow } from './judge-balance.js';

const RUNS = 3;
const CALLS_PER_SECOND = 500;
const ATTEMPT_MS = 500;
const SERVICE = 'orders';

interface Scenario {
  readonly fault: Fault;
  /** How many servers have it. */
  readonly bad: number;
}

const scenarios: readonly Scenario[] = [
  { fault: 'blackHole', bad: 1 },
  { fault: 'slow', bad: 1 },
  { fault: 'instant503', bad: 1 },
  { fault: 'instant503', bad: SERVERS },
];

/** Sends one call, and says which servers it went to. Rejects when it fails. */
type Send = (tried: (origin: string) => void) => Promise<unknown>;

/** One of eight servers, or all, turn bad and heal, under an open loop of calls. */
export async function balance(lab: Lab): Promise<Verdict> {
  const history = lab.record<CallRow>();
  const consulServer = await startConsul();
  const servers = forkService(new URL('servers.ts', import.meta.url), { words: [String(SERVERS)] });
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const resolver = createResolver({ registry: consul({ endpoints: [consulServer.url] }) });
  try {
    const { ports } = await servers.waitForMessage(hasPorts);
    await register(consulServer.url, ports);
    const stage = new Stage(ports, servers, agent);
    for (let round = 1; round <= (lab.runs ?? RUNS); round += 1) {
      for (const scenario of scenarios) {
        const orders = resolver.service(SERVICE);
        await orders.ready();
        for (const row of await stage.play('ours', scenario, round, stage.ours(orders))) history.note(row);
        orders.close();
        lab.say(`round ${round}: ${String(scenario.bad)} × ${scenario.fault}`);
      }
    }
    for (const scenario of scenarios.filter(({ bad }) => bad === 1))
      for (const row of await stage.play('control', scenario, 1, stage.control())) history.note(row);
  } finally {
    agent.destroy();
    await resolver.close();
    await servers.kill();
    await consulServer.stop();
  }
  const verdict = judgeBalance(history.events);
  const { oneBad, amplification, recoveredMs, controlSuccess } = verdict.figures;
  lab.say(
    table(
      ['one bad server', 'calls', 'succeeded', 'sent to it after 1 s', 'its fair share, healed', 'control succeeded'],
      Object.entries(oneBad).map(([fault, { calls, success, badShare, fairShare }]) => [
        fault,
        calls,
        success,
        badShare,
        fairShare,
        controlSuccess[fault] ?? '-',
      ]),
    ),
  );
  lab.say(`all bad: ${amplification} requests a call; steady again after ${recoveredMs.max} ms at most`);
  return verdict;
}

class Stage {
  readonly #ports: readonly number[];
  readonly #servers: ForkedService;
  readonly #agent: Agent;

  constructor(ports: readonly number[], servers: ForkedService, agent: Agent) {
    this.#ports = ports;
    this.#servers = servers;
    this.#agent = agent;
  }

  ours(orders: ResolvedService): Send {
    return (tried) =>
      orders
        .run(
          async (origin, { signal }) => {
            tried(origin);
            const status = await this.#get(origin, signal);
            return { status };
          },
          { attemptTimeout: ATTEMPT_MS, idempotent: true },
        )
        .then(refuseFailure);
  }

  control(): Send {
    let turn = 0;
    return async (tried) => {
      turn += 1;
      const origin = `http://127.0.0.1:${String(this.#ports[turn % SERVERS])}`;
      tried(origin);
      return refuseFailure({ status: await this.#get(origin, AbortSignal.timeout(ATTEMPT_MS)) });
    };
  }

  /** An open loop: a call is sent when it is due, whatever became of those before. */
  async play(caller: Caller, { fault, bad }: Scenario, round: number, send: Send): Promise<CallRow[]> {
    const rows: CallRow[] = [];
    const running: Promise<void>[] = [];
    const startedAt = performance.now();
    const now = () => performance.now() - startedAt;
    const changes = [
      { at: FAULT_FROM_MS, bad, fault },
      { at: HEALED_AT_MS, bad: 0, fault: 'none' as const },
    ];
    const call = async (): Promise<void> => {
      const at = now();
      const tried: number[] = [];
      const sent = send((origin) => tried.push(this.#ports.indexOf(Number(new URL(origin).port))));
      const succeeded = await sent.then(
        () => true,
        () => false,
      );
      rows.push({ caller, fault, bad, round, at, endedAt: now(), succeeded, tried });
    };
    for (let calls = 0; now() < SCENARIO_MS;) {
      while (changes[0] !== undefined && now() >= changes[0].at) this.#servers.send(changes.shift()!);
      for (; calls < (now() / 1_000) * CALLS_PER_SECOND; calls += 1) running.push(call());
      await pause(1);
    }
    await Promise.all(running);
    return rows;
  }

  #get(origin: string, signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const request = get(origin, { agent: this.#agent, signal }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
        response.on('error', reject);
      });
      request.on('error', reject);
    });
  }
}

function refuseFailure({ status }: { readonly status: number }): void {
  if (status !== 200) throw new Error(`status ${status}`);
}

function hasPorts(message: unknown): message is { readonly ports: readonly number[] } {
  return typeof message === 'object' && message !== null && 'ports' in message;
}

async function register(url: string, ports: readonly number[]): Promise<void> {
  const raw = rawConsul(url);
  for (const [index, port] of ports.entries()) {
    const instance = { Name: SERVICE, ID: `${SERVICE}-${index}`, Address: '127.0.0.1', Port: port };
    await raw.put('/v1/agent/service/register', instance);
  }
}
