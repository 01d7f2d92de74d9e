import type { Lab, Verdict } from '../experiment/experiment.js';
import { table } from '../experiment/table.js';
import { judgeOutage } from './judge-outage.js';
import type { OutageEvent } from './judge-outage.js';
import { withoutLeader } from './no-leader.js';
import { outageKinds, outageScenarios } from './options.js';
import type { OutageKind, OutageScenario } from './options.js';
import { registriesOf, scenarios } from './scenarios.js';
import { startWorld } from './worlds.js';

const DARK_S = 300;
const SHORTEST_DARK_S = 10;

/** A registry that goes away, lies, or forgets, while readers look up instances thousands of times a second. */
export async function outage(lab: Lab): Promise<Verdict> {
  const { only, registry, dark = DARK_S } = lab.options;
  const darkMs = Math.max(Number(dark), SHORTEST_DARK_S) * 1_000;
  const registriesFor = (scenario: OutageScenario): readonly OutageKind[] =>
    scenario === 'no-leader' ? ['consul'] : registriesOf[scenario];
  const cells = outageKinds.flatMap((kind) =>
    outageScenarios
      .filter((scenario) => registriesFor(scenario).includes(kind))
      .filter((scenario) => (only ?? scenario) === scenario && (registry ?? kind) === kind)
      .map((scenario) => ({ registry: kind, scenario })),
  );
  const history = lab.record<OutageEvent>();
  for (const cell of cells) {
    const event = await run(cell, darkMs);
    history.note(event);
    history.flush();
    lab.say(`${cell.scenario} of ${cell.registry}: ${event.errors} errors in ${event.lookups} lookups`);
  }
  lab.say(
    table(
      ['registry', 'outage', 'lookups', 'errors', 'control', 'healed ms', 'allowed ms', 'requests/s', 'doubt ms'],
      history.events.map((event) => [
        event.registry,
        event.scenario,
        event.lookups,
        event.errors,
        event.controlErrors ?? '',
        event.healedMs === undefined ? '' : Math.round(event.healedMs),
        event.allowedMs ?? '',
        event.requestsPerSecond?.toFixed(2) ?? '',
        event.heldMs === undefined ? '' : Math.round(event.heldMs),
      ]),
    ),
  );
  return judgeOutage(history.events, cells);
}

async function run(
  { registry, scenario }: Pick<OutageEvent, 'registry' | 'scenario'>,
  darkMs: number,
): Promise<OutageEvent> {
  if (scenario === 'no-leader') return withoutLeader();
  const world = await startWorld(registry);
  try {
    return await scenarios[scenario](world, { darkMs });
  } finally {
    await world.stop();
  }
}
