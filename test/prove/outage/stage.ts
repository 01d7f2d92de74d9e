import { randomUUID } from 'node:crypto';
import { createResolver } from '../../../src/integrations/discovery.js';
import type { ResolvedService } from '../../../src/integrations/discovery.js';
import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import type { FaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import { every } from '../experiment/pause.js';
import { Lookups } from './lookups.js';
import { NaiveReader } from './naive-reader.js';
import type { World } from './worlds.js';

const READY_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 2;

/** A service with instances, a reader of it behind a proxy, and one that is written naively behind another. */
export interface Stage {
  readonly name: string;
  readonly service: ResolvedService;
  readonly lookups: Lookups;
  readonly events: { readonly event: string; readonly at: number }[];
  /** Requests of ours since the last call: connections, where each request needs a new one. */
  readonly proxy: FaultProxy;
  /** Makes the same fault on both proxies. */
  fault(make: (proxy: FaultProxy) => Promise<void>): Promise<void>;
  ids(): string;
  /** Milliseconds until the reader has exactly these instances; Infinity if it has not in time. */
  until(ids: readonly string[], withinMs: number): Promise<number>;
  close(): Promise<void>;
}

/** `through`: another port than that of the fault proxy. */
export async function setStage(world: World, ids: readonly string[], through?: number): Promise<Stage> {
  const name = `orders-${randomUUID()}`;
  for (const id of ids) await world.add(name, id);
  const target = { host: '127.0.0.1', port: world.port };
  const proxy = await startFaultProxy({ target });
  const other = world.kind === 'consul' ? await startFaultProxy({ target }) : undefined;
  const control = other && new NaiveReader(other.url, name);
  const resolver = createResolver({ registry: world.reader(through ?? proxy.port), logger: false });
  const service = resolver.service(name);
  const events: { event: string; at: number }[] = [];
  for (const event of ['stale', 'recovered', 'doubted'] as const)
    service.events.on(event, () => events.push({ event, at: performance.now() }));
  const shown = () =>
    service
      .snapshot()
      .instances.map(({ id }) => id)
      .sort()
      .join();
  const until = async (wanted: readonly string[], withinMs: number) => {
    const from = performance.now();
    const whole = [...wanted].sort().join();
    const isThere = await every(
      LOOK_EVERY_MS,
      () => Promise.resolve(),
      () => shown() === whole && service.snapshot().source === 'live' && service.snapshot().doubted === 0,
      withinMs,
    );
    return isThere ? performance.now() - from : Infinity;
  };
  if ((await until(ids, READY_WITHIN_MS)) === Infinity) throw new Error(`${name} was never read from ${world.kind}`);
  await every(
    LOOK_EVERY_MS,
    () => Promise.resolve(),
    () => control === undefined || control.find().length === ids.length,
    READY_WITHIN_MS,
  );
  const lookups = new Lookups(service, control, ids.length);
  return {
    name,
    service,
    lookups,
    events,
    proxy,
    ids: shown,
    until,
    async fault(make) {
      await Promise.all([proxy, ...(other === undefined ? [] : [other])].map(make));
    },
    async close() {
      control?.close();
      await resolver.close();
      await Promise.all([proxy.close(), other?.close()]);
    },
  };
}
