import { createResolver } from 'rollcall/discovery';
import type { ChangePlan, ChangeRow } from '../resolve/judge-resolve.js';
import { service, startSide } from './change-side.js';
import { plan, reportRow, stayAlive } from './report-row.js';

const wanted = plan<ChangePlan>();
const release = stayAlive();

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

const side = await startSide(wanted);
const raws = (['raw', 'rawAgain'] as const).map((who) =>
  side.watchRaw((turn) => {
    note(who, turn);
  }),
);
const resolver = createResolver({ registry: side.registry, logger: false });
const watched = resolver.service(service);
watched.events.on('changed', ({ instances }) => {
  note('ours', Number(instances[0]?.meta['turn']));
});
await untilAllHaveSeen(0);
for (let turn = 1; turn <= wanted.changes; turn += 1) {
  await new Promise((resolve) => setTimeout(resolve, side.everyMs));
  const from = performance.now();
  await Promise.all([side.write(turn), untilAllHaveSeen(turn)]);
  const row: ChangeRow = {
    kind: 'change',
    reader: wanted.reader,
    ours: at.ours - from,
    raw: at.raw - from,
    rawAgain: at.rawAgain - from,
  };
  reportRow(row);
}
await resolver.close();
for (const raw of raws) raw.close();
await side.close();
release();
