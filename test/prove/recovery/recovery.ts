import { forkService } from '../../support/fork-service.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { ObservedService } from '../experiment/observed-service.js';
import { every, pause } from '../experiment/pause.js';
import { spreadTable } from '../experiment/table.js';
import { judgeRecovery } from './judge-recovery.js';
import type { Loss, RecoveryEvent, Watched } from './judge-recovery.js';

const RUNS = 100;
const LATE_RUNS = 3;
const LATE_BY_MS = 10_000;
const POLL_EVERY_MS = 5;
/** A promise of tens of milliseconds needs a finer look. */
const FINE_POLL_EVERY_MS = 1;
const BACK_WITHIN_MS = 30_000;
/** After its return it is watched for so long: it must not go again. */
const WATCH_AFTER_MS = 400;
const CONTROL_BEATS_EVERY_MS = 250;

/** P2: listed again by itself, as fast as a client that does nothing but wait for the agent. */
export async function recovery(lab: Lab): Promise<Verdict> {
  const runs = lab.runs ?? RUNS;
  const history = lab.record<RecoveryEvent>();
  const consul = await startConsul();
  const control = new Control(consul.url);
  let service: ObservedService | undefined;
  try {
    await control.register();
    service = new ObservedService({ registry: { kind: 'consul', url: consul.url }, name: 'ours' });
    await service.settled();
    const observed = new Observed(consul, history);
    await observed.look(['ours', 'control']);
    for (let round = 1; round <= runs; round += 1) {
      await observed.emptied(round);
      history.flush();
    }
    lab.say(`${runs} times emptied`);
    await deregisteredPart(consul.url, runs, observed);
    lab.say(`${runs} times deregistered`);
    for (let round = 1; round <= Math.min(runs, LATE_RUNS); round += 1) {
      await service.kill();
      await consul.kill();
      service = new ObservedService({ registry: { kind: 'consul', url: consul.url }, name: 'ours' });
      await observed.late(round, service);
    }
    observed.close();
  } finally {
    control.close();
    await service?.kill();
    await consul.stop();
  }
  const verdict = judgeRecovery(history.events);
  const { emptied, deregistered, rawBack, backRatio, late, startedMs } = verdict.figures;
  lab.say(
    spreadTable({
      'emptied: ms behind a raw client': emptied,
      'deregistered: ms until back': deregistered,
      'the same for a raw client that waits for it': rawBack,
      'agent came late: ms behind a raw client': late,
    }),
  );
  lab.say(`deregistered: back after ${backRatio} times what a raw client takes (p50)`);
  lab.say(`register() took at most ${startedMs} ms of the app's time`);
  return verdict;
}

/** Ours, and beside it a raw client in a process of its own that does nothing but wait for its loss. */
async function deregisteredPart(url: string, runs: number, observed: Observed): Promise<void> {
  const raw = forkService(new URL('raw-client.ts', import.meta.url), { words: [url, 'raw'] });
  try {
    await raw.waitForMessage((message): message is string => message === 'registered');
    for (let round = 1; round <= runs; round += 1) await observed.deregistered(round);
  } finally {
    await raw.kill();
  }
}

/** What the control does wrong: registers once and only beats. */
class Control {
  readonly #reader: CatalogReader;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string) {
    this.#reader = new CatalogReader(url);
  }

  async register(): Promise<void> {
    await this.#reader.put('/v1/agent/service/register', registration('control'));
    this.#timer = setInterval(() => {
      void this.#reader.put('/v1/agent/check/update/control:ttl', { Status: 'passing', Output: 'ok' });
    }, CONTROL_BEATS_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#reader.close();
  }
}

class Observed {
  readonly #consul: ConsulServer;
  readonly #history: History<RecoveryEvent>;
  readonly #reader: CatalogReader;
  readonly #listed = new Map<Watched, number | undefined>();

  constructor(consul: ConsulServer, history: History<RecoveryEvent>) {
    this.#consul = consul;
    this.#history = history;
    this.#reader = new CatalogReader(consul.url);
  }

  close(): void {
    this.#reader.close();
  }

  async emptied(round: number): Promise<void> {
    await this.#consul.kill();
    this.#begin(round, 'emptied');
    await this.#consul.launch();
    await this.#followRaw();
  }

  async late(round: number, service: ObservedService): Promise<void> {
    this.#begin(round, 'late');
    await service.listening();
    await pause(LATE_BY_MS);
    await this.#consul.launch();
    await this.#followRaw(async () => {
      this.#history.note({ event: 'started', at: wallClock(), tookMs: await service.settled() });
    });
  }

  async deregistered(round: number): Promise<void> {
    this.#begin(round, 'deregistered');
    const both = ['ours', 'raw'] as const;
    for (const who of round % 2 === 0 ? both : both.toReversed()) await this.#deregister(who);
    await this.#end(both);
  }

  /** As an outsider does; then looks until it is back. */
  async #deregister(who: 'ours' | 'raw'): Promise<void> {
    await this.look([who]);
    const before = this.#listed.get(who);
    const [entry] = (await this.#reader.look(who, 'passing')).entries ?? [];
    this.#history.note({ event: 'struck', who, at: wallClock() });
    await this.#reader.put(`/v1/agent/service/deregister/${entry?.id ?? 'unknown'}`);
    const isBack = () => this.#listed.get(who) !== undefined && this.#listed.get(who) !== before;
    await every(FINE_POLL_EVERY_MS, () => this.look([who]), isBack, BACK_WITHIN_MS);
  }

  /** Notes what is new in `?passing`. A question without an answer is no news. */
  async look(who: readonly Watched[]): Promise<void> {
    await Promise.all(
      who.map(async (name) => {
        const { at, entries } = await this.#reader.look(name, 'passing');
        if (entries === undefined) return;
        const listed = entries[0]?.createIndex;
        if (this.#listed.has(name) && this.#listed.get(name) === listed) return;
        this.#listed.set(name, listed);
        this.#history.note({ event: 'seen', who: name, at, listed });
      }),
    );
  }

  #begin(round: number, loss: Loss): void {
    this.#listed.clear();
    this.#history.note({ event: 'round', round, loss, at: wallClock() });
  }

  /** A raw client registers as soon as the agent accepts it; everybody is watched in one loop until both are listed. */
  async #followRaw(meanwhile?: () => Promise<void>): Promise<void> {
    let accepted = false;
    const bothListed = () => this.#listed.get('raw') !== undefined && this.#listed.get('ours') !== undefined;
    const tick = async () => {
      accepted ||= await this.#reader.put('/v1/agent/service/register', registration('raw'));
      if (accepted) await this.look(['raw', 'ours', 'control']);
    };
    await every(POLL_EVERY_MS, tick, bothListed, BACK_WITHIN_MS);
    await meanwhile?.();
    await this.#end(['raw', 'ours', 'control']);
  }

  async #end(who: readonly Watched[]): Promise<void> {
    await every(
      POLL_EVERY_MS,
      () => this.look(who),
      () => false,
      WATCH_AFTER_MS,
    );
    this.#history.note({ event: 'over', at: wallClock() });
  }
}

/** As a hand-written client would: passing at once. */
function registration(name: string): object {
  return {
    Name: name,
    ID: name,
    Checks: [{ CheckID: `${name}:ttl`, Name: 'Heartbeat', TTL: '600s', Status: 'passing' }],
  };
}
