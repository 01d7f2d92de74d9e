import { consul, etcd, fallback, file, redis, Registrar } from 'rollcall';
import type { Registry } from 'rollcall';
import { putInstance } from '../resolve/catalog-load.js';
import type { ChangePlan } from '../resolve/judge-resolve.js';
import { RawClient } from './raw-client.js';
import { RawEtcdWatch } from './raw-etcd-watch.js';
import { RawWatch } from './raw-watch.js';

export const service = 'changing';

/** Where one instance changes, turn by turn, and how a reader of ours and a raw one follow it. */
export interface ChangeSide {
  /** What our reader reads. */
  readonly registry: Registry;
  /** No reader gets changes more often than its pace allows. */
  readonly everyMs: number;
  watchRaw(onTurn: (turn: number) => void): { close(): void };
  write(turn: number): Promise<void>;
  close(): Promise<void>;
}

/** With the instance at turn 0. */
export async function startSide(plan: ChangePlan): Promise<ChangeSide> {
  const side = plan.reader === 'etcd' ? await startEtcdSide(plan) : startConsulSide(plan);
  await side.write(0);
  return side;
}

function startConsulSide({ reader, url, redisUrl = '', dir = '' }: ChangePlan): ChangeSide {
  const writer = new RawClient(url);
  const first = consul({ endpoints: [url] });
  return {
    registry: reader === 'chain' ? fallback([first, redis({ url: redisUrl }), file({ dir })]) : first,
    everyMs: 1_100,
    watchRaw: (onTurn) =>
      new RawWatch(url, service, (body) => {
        const [entry] = JSON.parse(body.toString()) as { Service: { Meta: { turn: string } } }[];
        if (entry !== undefined) onTurn(Number(entry.Service.Meta.turn));
      }),
    write: (turn) => putInstance(writer, { service, id: service, turn }),
    close: async () => {
      writer.close();
    },
  };
}

/** The instance is a Registrar's: its record has a form of its own. */
async function startEtcdSide({ url }: ChangePlan): Promise<ChangeSide> {
  const registry = () => etcd({ endpoints: [url] });
  const registrar = new Registrar({
    name: service,
    id: service,
    address: '127.0.0.1',
    port: 3000,
    registry: registry(),
    logger: false,
    shutdown: { drain: false },
  });
  await registrar.start();
  return {
    registry: registry(),
    everyMs: 300,
    watchRaw: (onTurn) =>
      new RawEtcdWatch(url, `/rollcall/${service}/${service}`, (value) => {
        const record = JSON.parse(value) as { instance: { meta: { turn?: string } } };
        onTurn(Number(record.instance.meta.turn ?? -1));
      }),
    write: (turn) => registrar.update({ meta: { turn: String(turn) } }),
    close: async () => {
      await registrar.stop();
    },
  };
}
