import { consul } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import type { SizePlan, SizeRow } from '../resolve/judge-resolve.js';
import { collectGarbage, plan, reportRow, stayAlive } from './report-row.js';

const { url, service } = plan<SizePlan>();
const release = stayAlive();

async function heapUsed(): Promise<number> {
  // The thread that compares answers gets rid of the last one meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await collectGarbage();
  const { heapUsed: heap, external } = process.memoryUsage();
  return heap + external;
}

const resolver = createResolver({ registry: consul({ endpoints: [url] }), logger: false });
await resolver.service('single').ready({ timeout: '30s' });
const before = await heapUsed();
const { length } = (await resolver.service(service).ready({ timeout: '60s' })).instances;
const row: SizeRow = { kind: 'size', instances: length, heapBytes: (await heapUsed()) - before };
reportRow(row);
await resolver.close();
release();
