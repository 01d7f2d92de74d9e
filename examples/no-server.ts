// A service that listens on nothing, e.g. a queue worker: a Registrar without `bind`.
import { setTimeout as sleep } from 'node:timers/promises';
import { Registrar } from 'rollcall';

const leaving = new AbortController();

const registrar = new Registrar({
  name: process.env.SERVICE_NAME ?? 'mailer',
  // Without a port the default id is name and host: several workers on one host need one each.
  id: process.env.SERVICE_ID ?? `mailer-${process.pid}`,
  // Time for the job in hand.
  shutdown: { drain: { min: '1s' } },
});

registrar.on('registered', ({ instance, holder }) => {
  console.log(`worker ${instance.id} is ${registrar.state} in ${holder}`);
});
registrar.on('draining', () => {
  leaving.abort();
});
registrar.on('stopped', ({ tookMs }) => {
  console.log(`sent ${sent} mails, stopped in ${Math.round(tookMs)} ms`);
});

void registrar.start();

let sent = 0;
while (!leaving.signal.aborted) {
  // Stands for: take a job from the queue, do it.
  await sleep(100, undefined, { signal: leaving.signal }).catch(() => undefined);
  sent += 1;
}
