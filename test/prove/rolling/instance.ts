import type { ServerResponse } from 'node:http';
import { consul } from '../../../src/index.js';
import { wallClock } from '../experiment/history.js';
import { answer, serve } from './serve.js';
import type { FromInstance, InstancePlan } from './service-plan.js';
import { goTheUsualWay } from './usual-ways.js';

// One instance of the service, in a process of its own.
const plan = JSON.parse(process.argv[2] ?? '') as InstancePlan;
const tell = (message: FromInstance) => process.send?.(message);
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

let terminatedAt: number | undefined;
let lastRequestAt: number | undefined;
let lastAnswerAt: number | undefined;
let longestSilenceMs = 0;

function noteSignal(): void {
  terminatedAt ??= wallClock();
}

function observe(response: ServerResponse): void {
  const now = wallClock();
  if (lastRequestAt === undefined) tell({ kind: 'serving' });
  if (terminatedAt !== undefined)
    longestSilenceMs = Math.max(longestSilenceMs, now - Math.max(terminatedAt, lastRequestAt ?? 0));
  lastRequestAt = now;
  response.once('close', () => {
    lastAnswerAt = wallClock();
  });
}

const ending = () => tell({ kind: 'ending', lastRequestAt, lastAnswerAt, longestSilenceMs });

const options = {
  name: plan.service,
  id: plan.id,
  registry: consul({ endpoints: [plan.url] }),
  logger: false as const,
  shutdown: { policy: plan.policy },
};
const handler: typeof answer = (request, response) => {
  observe(response);
  answer(request, response);
};
const { server, registrar } = await serve(plan.framework, handler, plan.way === 'rollcall' ? options : undefined);
if (registrar === undefined) {
  process.once('SIGTERM', noteSignal);
  await goTheUsualWay(plan, server, ending);
} else {
  registrar.on('draining', noteSignal);
  registrar.on('stopped', ending);
}
