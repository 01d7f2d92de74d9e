import { buildPackage } from '../../support/built.js';
import type { Experiment, Lab } from '../experiment/experiment.js';
import type { History } from '../experiment/history.js';
import { table } from '../experiment/table.js';
import { bounds, registrarsOn, shape } from './bounds.js';
import { backends, cellsOf, judgeCell, judgeHostile, plants, threads } from './judge-hostile.js';
import type { HostileEvent } from './judge-hostile.js';
import { observeCell } from './observe-cell.js';
import type { CellPlan } from './observe-cell.js';

const ANSWERS = 5_000;
const EPISODES = 16;
/** Of an episode. */
const LEAST_EACH = 50;
const CONTROL_ANSWERS = 240;
const CONTROL_EPISODES = 6;

/** Whatever a backend's server answers, the process lives, says no secret, sends little, and is listed again once the server is sound. */
export const hostile: Experiment = async (lab) => {
  const history = lab.record<HostileEvent>();
  const answers = (lab.options.answers as number | undefined) ?? lab.runs ?? ANSWERS;
  await buildPackage();
  const { only = 'all', thread = 'both' } = lab.options;
  const chosen = backends
    .filter((each) => only === 'all' || only === each)
    .flatMap((backend) =>
      threads.filter((each) => thread === 'both' || thread === each).map((each) => ({ backend, thread: each })),
    );
  const planted = only === 'all' || only === 'planted' ? plants : [];
  for (const cell of chosen)
    await observe(lab, history, { ...cell, answers, answersEach: Math.max(LEAST_EACH, Math.ceil(answers / EPISODES)) });
  for (const plant of planted) {
    const each = CONTROL_ANSWERS / CONTROL_EPISODES;
    await observe(lab, history, {
      backend: 'consul',
      thread: 'main',
      plant,
      answers: CONTROL_ANSWERS,
      answersEach: each,
    });
  }
  const cells = chosen.map((cell) => `${cell.backend}, ${cell.thread}`);
  const verdict = judgeHostile(history.events, bounds, { answers, cells, plants: planted });
  lab.say(cellsTable(history.events));
  return verdict;
};

async function observe(
  lab: Lab,
  history: History<HostileEvent>,
  cell: Pick<CellPlan, 'backend' | 'thread' | 'plant' | 'answers' | 'answersEach'>,
): Promise<void> {
  const { seed } = lab;
  const answer = lab.options.answer as number | undefined;
  await observeCell({
    ...shape,
    registrars: registrarsOn[cell.backend],
    ...cell,
    seed,
    answer,
    note: (event) => history.note(event),
  });
  history.flush();
  const { problems, figures } = judgeCell(cellsOf(history.events).at(-1) ?? [], bounds);
  lab.say(`${figures.cell}: ${figures.answers} answers in ${figures.episodes} episodes, ${problems.length} problems`);
}

function cellsTable(history: readonly HostileEvent[]): string {
  const rows = cellsOf(history).map((events) => {
    const { figures, problems } = judgeCell(events, bounds);
    const { cell, answers, episodes, backMs, mostRequests, stallMs, growthMb } = figures;
    const found = [...new Set(problems.map(({ fault }) => fault))].join(', ');
    return [
      cell,
      answers,
      episodes,
      backMs.n,
      backMs.p50,
      backMs.max,
      String(mostRequests ?? '-'),
      stallMs,
      growthMb,
      found,
    ];
  });
  const head = ['', 'answers', 'episodes', 'returns', 'p50', 'max', 'requests/s', 'stall', 'growth', 'found'];
  return `${table(head, rows)}\n(returns and stalls in ms, a stall beyond the control's; growth in MiB)`;
}
