import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { buildPackage } from '../../support/built.js';
import type { Experiment } from '../experiment/experiment.js';
import { table } from '../experiment/table.js';
import { bundlerConsumers } from './bundler-consumers.js';
import { callConsumers } from './call-consumers.js';
import type { Consumer } from './consumer.js';
import { Installation, packInto } from './installation.js';
import { jestConsumers } from './jest-consumers.js';
import { judgeInstalls } from './judge-installs.js';
import type { CellEvent } from './judge-installs.js';
import { nodeConsumers } from './node-consumers.js';
import { typescriptConsumers } from './typescript-consumers.js';

const groups = {
  node: nodeConsumers,
  jest: jestConsumers,
  typescript: typescriptConsumers,
  bundlers: bundlerConsumers,
  calls: callConsumers,
};

/** The package as npm installs it works for every consumer, and without the packages that are optional. Tools come from the registry that npm is set up for. */
export const installs: Experiment = async (lab) => {
  const { only } = lab.options;
  const consumers: readonly Consumer[] = Object.entries(groups).flatMap(([name, group]) =>
    only === undefined || only === name ? group : [],
  );
  const history = lab.record<CellEvent>();
  await buildPackage();
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-installs-'));
  try {
    const tarball = await packInto(folder);
    for (const [index, consumer] of consumers.entries()) {
      lab.say(`installing for ${consumer.name}`);
      const installation = await Installation.create(join(folder, String(index)), tarball, consumer);
      for (const use of consumer.uses)
        history.note({
          consumer: consumer.name,
          use: use.name,
          control: false,
          problem: await installation.problemOf(use),
        });
      await installation.offerModulesOnly();
      for (const use of consumer.uses.filter(({ control }) => control))
        history.note({
          consumer: consumer.name,
          use: use.name,
          control: true,
          problem: await installation.problemOf(use),
        });
      history.flush();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  lab.say(table(['consumer', 'use', 'works', 'with ES modules only'], rowsOf(history.events)));
  return judgeInstalls(history.events, consumers);
};

function rowsOf(events: readonly CellEvent[]): string[][] {
  const mark = (event: CellEvent | undefined) => (event === undefined ? '' : event.problem === undefined ? '✓' : '✗');
  return events
    .filter(({ control }) => !control)
    .map((event) => [
      event.consumer,
      event.use,
      mark(event),
      mark(events.find(({ consumer, use, control }) => control && consumer === event.consumer && use === event.use)),
    ]);
}
