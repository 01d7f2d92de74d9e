import { monitorEventLoopDelay } from 'node:perf_hooks';
import { consul } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import type { LargePlan } from '../resolve/judge-resolve.js';
import { RawWatch } from './raw-watch.js';
import { collectGarbage, plan, reportRow, stayAlive } from './report-row.js';

const { url, service, reader, windowMs } = plan<LargePlan>();
const release = stayAlive();
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let answers = 0;
const close = await startReader();
// The first load is apart.
await sleep(3_000);
await collectGarbage();
answers = 0;
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
await sleep(windowMs);
delay.disable();
await close();
reportRow({ p999: delay.percentile(99.9) / 1e6, answers });
release();

async function startReader(): Promise<() => Promise<void> | void> {
  if (reader === 'idle') return () => undefined;
  if (reader === 'ours') {
    const resolver = createResolver({ registry: consul({ endpoints: [url] }), logger: false });
    const watched = resolver.service(service);
    await watched.ready({ timeout: '30s' });
    watched.events.on('changed', () => {
      answers += 1;
    });
    return () => resolver.close();
  }
  const watch = await new Promise<RawWatch>((resolve) => {
    const begun: RawWatch = new RawWatch(url, service, (body) => {
      JSON.parse(body.toString());
      answers += 1;
      resolve(begun);
    });
  });
  return () => {
    watch.close();
  };
}
