import { once } from 'node:events';
import { createServer } from 'node:http';
import { Registrar, consul } from 'rollcall';
import type { ExitRow, ExitWorkloadPlan } from '../exit/judge-exit.js';
import { collectGarbage, plan, reportRow } from './report-row.js';

// One host that exits by itself once it is up and idle.
const { url, name, contestant } = plan<ExitWorkloadPlan>();
const server = createServer((_request, response) => response.end('fine')).listen(0, '127.0.0.1');
await once(server, 'listening');

let registrar: Registrar | undefined;
if (!contestant.startsWith('bare')) {
  registrar = new Registrar({
    name,
    registry: consul({ endpoints: [url] }),
    logger: false,
    shutdown: { onExit: !contestant.startsWith('off') },
  });
  await registrar.bind(server).start();
}
await collectGarbage();
const row: ExitRow = {
  residentBytes: process.memoryUsage.rss(),
  exitsAtNs: String(process.hrtime.bigint()),
};
reportRow(row);
// A stop that has begun and sent nothing yet: whether the entry is still ours has to be looked up.
if (contestant === 'dialogue') void registrar?.stop();
process.exit(0);
