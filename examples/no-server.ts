// A service without a server, e.g. a queue worker: a Registrar without `bind`.
import { setTimeout as sleep } from 'node:timers/promises';
import { Registrar } from 'rollcall';

const stopping = new AbortController();

const registrar = new Registrar({
  name: process.env.SERVICE_NAME ?? 'mailer',
  // Without a port the default id is name and host, so several workers on one host need different ids.
  id: process.env.SERVICE_ID ?? `mailer-${process.pid}`,
  // Time to finish the current job.
  shutdown: { drain: { min: '1s' } },
});

registrar.on('registered', ({ instance, holder }) => {
  console.log(`worker ${instance.id} is ${registrar.state} in ${holder}`);
});
registrar.on('draining', () => {
  stopping.abort();
});
registrar.on('stopped', ({ tookMs }) => {
  console.log(`sent ${sent} mails, stopped in ${Math.round(tookMs)} ms`);
});

void registrar.start();

let sent = 0;
while (!stopping.signal.aborted) {
  // Simulates a job from the queue.
  await sleep(100, undefined, { signal: stopping.signal }).catch(() => undefined);
  sent += 1;
}
