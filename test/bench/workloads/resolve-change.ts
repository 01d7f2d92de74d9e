import { consul } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import { putInstance } from '../resolve/catalog-load.js';
import type { ChangePlan, ChangeRow } from '../resolve/judge-resolve.js';
import { RawClient } from './raw-client.js';
import { RawWatch } from './raw-watch.js';
import { plan, reportRow, stayAlive } from './report-row.js';

const { url, changes } = plan<ChangePlan>();
const release = stayAlive();
const writer = new RawClient(url);
const service = 'changing';

/** The readers never get more than two changes in two seconds, as their pace allows. */
const EVERY_MS = 1_100;

const seen = { ours: -1, raw: -1, rawAgain: -1 };
const at = { ours: 0, raw: 0, rawAgain: 0 };
let onSeen: () => void = () => undefined;
function note(who: keyof typeof seen, turn: number): void {
  if (turn <= seen[who]) return;
  seen[who] = turn;
  at[who] = performance.now();
  onSeen();
}

async function untilAllHaveSeen(turn: number): Promise<void> {
  while (Object.values(seen).some((latest) => latest < turn))
    await new Promise<void>((resolve) => {
      onSeen = resolve;
    });
}

await putInstance(writer, { service, id: service, turn: 0 });
const rawTurn = (body: Buffer) =>
  Number((JSON.parse(body.toString()) as { Service: { Meta: { turn: string } } }[])[0]?.Service.Meta.turn);
const raws = (['raw', 'rawAgain'] as const).map(
  (who) =>
    new RawWatch(url, service, (body) => {
      note(who, rawTurn(body));
    }),
);
const resolver = createResolver({ registry: consul({ endpoints: [url] }), logger: false });
const watched = resolver.service(service);
watched.events.on('changed', ({ instances }) => {
  note('ours', Number(instances[0]?.meta['turn']));
});
await untilAllHaveSeen(0);
for (let turn = 1; turn <= changes; turn += 1) {
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  const from = performance.now();
  await putInstance(writer, { service, id: service, turn });
  await untilAllHaveSeen(turn);
  const row: ChangeRow = {
    kind: 'change',
    ours: at.ours - from,
    raw: at.raw - from,
    rawAgain: at.rawAgain - from,
  };
  reportRow(row);
}
await resolver.close();
for (const raw of raws) raw.close();
writer.close();
release();
