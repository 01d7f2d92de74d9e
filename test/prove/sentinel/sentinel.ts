import { Redis } from 'ioredis';
import { MASTER_NAME, startRedisSentinels } from '../../support/servers/redis-server.js';
import type { RedisSentinels, RedisServer } from '../../support/servers/redis-server.js';
import { waitFor } from '../../support/wait-for.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { ObservedService } from '../experiment/observed-service.js';
import { every, pause } from '../experiment/pause.js';
import { spreadTable } from '../experiment/table.js';
import { judgeSentinel } from './judge-sentinel.js';
import type { SentinelEvent, Who } from './judge-sentinel.js';

const RUNS = 10;
/** Shorter than a failover may take: what is listed afterwards has been written again. */
const TTL_MS = 3_000;
const BEAT_EVERY_MS = 500;
const POLL_EVERY_MS = 10;
const GIVE_UP_MS = 30_000;
const WATCH_AFTER_MS = TTL_MS + 1_000;
const OURS = 'ours';
const CONTROL_KEY = 'control';

/** The master of a Sentinel group is killed again and again, each time right after it has accepted a change; every other time its replica never had that. */
export async function sentinel(lab: Lab): Promise<Verdict> {
  const runs = lab.runs ?? RUNS;
  const history = lab.record<SentinelEvent>();
  const group = await startRedisSentinels({ downAfterMs: 1_000 });
  const watch = new Watch(group, history);
  const options = { sentinels: group.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })), name: MASTER_NAME };
  const service = new ObservedService({
    registry: { kind: 'redis', options },
    name: OURS,
    ttl: `${TTL_MS}ms`,
    interval: `${BEAT_EVERY_MS}ms`,
  });
  try {
    await service.settled();
    for (let round = 1; round <= runs; round += 1) {
      await oneKill(round, group, service, watch, history);
      history.flush();
      lab.say(`round ${round} of ${runs}`);
    }
    await service.stop();
    history.note({ event: 'left', keys: await watch.keys() });
  } finally {
    watch.close();
    await service.kill();
    await group.stop();
  }
  const verdict = judgeSentinel(history.events);
  const { failoverMs, behindMs } = verdict.figures;
  lab.say(
    spreadTable({
      'killed: ms until there is a new master': failoverMs,
      'and from there: ms until the entry is as it was last written': behindMs,
    }),
  );
  return verdict;
}

async function oneKill(
  round: number,
  group: RedisSentinels,
  service: ObservedService,
  watch: Watch,
  history: History<SentinelEvent>,
): Promise<void> {
  const master = await group.master();
  const tag = `round-${round}`;
  const replica = group.servers.find((server) => server !== master);
  const control = new Control(master, tag);
  await control.begin();
  const isBehind = round % 2 === 0;
  if (isBehind) {
    replica?.pause();
    // What its socket has buffered would reach it all the same.
    await master.cli('CLIENT', 'KILL', 'TYPE', 'replica');
  }
  await service.tag(tag);
  history.note({ event: 'killed', round, at: wallClock(), tag });
  await master.kill();
  if (isBehind) replica?.resume();
  await watch.untilPromoted(master);
  await watch.follow(WATCH_AFTER_MS);
  history.note({ event: 'over', at: wallClock() });
  await control.end();
  await master.restart();
  await group.ready();
}

/** What the control does wrong: it never asks again who the master is. */
class Control {
  readonly #client: Redis;
  readonly #value: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(master: RedisServer, tag: string) {
    this.#client = rawClient(master);
    this.#value = JSON.stringify({ status: 'passing', instance: { tags: [tag] } });
  }

  async begin(): Promise<void> {
    await waitFor(() => this.#beat().then(() => true));
    this.#timer = setInterval(() => void this.#beat().catch(() => undefined), BEAT_EVERY_MS);
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#client.disconnect();
    return Promise.resolve();
  }

  async #beat(): Promise<void> {
    await this.#client.set(CONTROL_KEY, this.#value, 'PX', TTL_MS);
  }
}

/** Asks Sentinels who the master is, and the servers themselves what they hold. */
class Watch {
  readonly #clients: ReadonlyMap<RedisServer, Redis>;
  readonly #sentinels: readonly Redis[];
  readonly #history: History<SentinelEvent>;
  readonly #last = new Map<Who, string>();
  #master: Redis | undefined;

  constructor(group: RedisSentinels, history: History<SentinelEvent>) {
    this.#clients = new Map(group.servers.map((server) => [server, rawClient(server)]));
    this.#sentinels = group.sentinels.map(rawClient);
    this.#history = history;
  }

  close(): void {
    for (const client of [...this.#clients.values(), ...this.#sentinels]) client.disconnect();
  }

  async untilPromoted(old: RedisServer): Promise<void> {
    const [, client] = [...this.#clients].find(([server]) => server !== old) ?? [];
    if (client === undefined) throw new Error('There is no other server');
    this.#master = client;
    this.#last.clear();
    let promoted = false;
    const ask = async () => {
      const named = await Promise.all(
        this.#sentinels.map((one) =>
          one.call('SENTINEL', 'get-master-addr-by-name', MASTER_NAME).catch(() => undefined),
        ),
      );
      promoted = named.some((address) => Array.isArray(address) && Number(address[1]) !== old.port);
    };
    await every(POLL_EVERY_MS, ask, () => promoted, GIVE_UP_MS);
    if (promoted) this.#history.note({ event: 'promoted', at: wallClock() });
  }

  async follow(ms: number): Promise<void> {
    await every(
      POLL_EVERY_MS,
      () => this.#look(),
      () => false,
      ms,
    );
  }

  async keys(): Promise<string[]> {
    await pause(0);
    return (await this.#master?.keys('rollcall:*')) ?? ['unknown'];
  }

  async #look(): Promise<void> {
    const ids = (await this.#master?.smembers(`rollcall:{${OURS}}`)) ?? [];
    for (const [who, key] of [
      ['ours', `rollcall:{${OURS}}:${ids[0] ?? ''}`],
      ['control', CONTROL_KEY],
    ] as const) {
      const text = (await this.#master?.get(key)) ?? null;
      const at = wallClock();
      const { status, instance } = (text === null ? {} : JSON.parse(text)) as {
        status?: string;
        instance?: { tags: string[] };
      };
      const seen = { tag: instance?.tags[0], passing: status === 'passing' };
      if (this.#last.get(who) === JSON.stringify(seen)) continue;
      this.#last.set(who, JSON.stringify(seen));
      this.#history.note({ event: 'seen', who, at, ...seen });
    }
  }
}

function rawClient({ port }: RedisServer): Redis {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 20,
  });
  client.on('error', () => undefined);
  return client;
}
