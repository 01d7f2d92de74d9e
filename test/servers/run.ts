import { mkdir, writeFile } from 'node:fs/promises';
import { parseNames } from './parse-names.js';
import type { Wanted } from './parse-names.js';
import { planFor } from './plan.js';
import type { Part } from './plan.js';
import { recordRun } from './record-run.js';
import { rowLine } from './row.js';
import type { Row } from './row.js';
import { runProof, runScript } from './run-proof.js';
import { runTests } from './run-tests.js';
import { findFault, getServer, isCached, serversFolder } from './server-cache.js';
import type { Target } from './targets.js';

/** What failed parts printed. */
const outputs = new URL('../../.cache/test-servers/', import.meta.url);

// `npm run test:servers -- [--quick] [names]`: 0 when every row is green or was not run, 1 when one is red, 2 when something is missing.
const wanted = parseNames(process.argv.slice(2));
if (typeof wanted === 'string') {
  console.error(wanted);
  process.exitCode = 2;
} else {
  const faults = await findFaults(wanted);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 2 : await runAll(wanted);
}

/** In a quick run, a server that takes minutes to build is used where it is there, and built nowhere. */
function isLeftOut({ isQuick }: Wanted, target: Target): boolean {
  return isQuick && target.source.kind === 'go' && !isCached(target);
}

async function findFaults(all: Wanted): Promise<string[]> {
  const faults = await Promise.all(
    all.targets
      .filter((target) => !isLeftOut(all, target))
      .map(async (target) => {
        const fault = await findFault(target);
        return fault === undefined ? [] : [`${target.name} cannot be got: ${fault}`];
      }),
  );
  return faults.flat();
}

async function runAll(all: Wanted): Promise<number> {
  const ready: Ready[] = [];
  let isRed = false;
  // One after another: each build takes both cores.
  for (const target of all.targets) {
    const found = isLeftOut(all, target) ? notBuilt(target) : await get(target);
    if ('program' in found) ready.push(found);
    else isRed ||= found.outcome === 'red';
  }
  // The tests wait more than they compute. Servers of a kind share what their tests use, so these take turns.
  const lanes = [...new Set(ready.map(({ target }) => target.backend))].map(async (backend) => {
    const runs: { target: Target; rows: readonly Row[] }[] = [];
    for (const one of ready.filter(({ target }) => target.backend === backend))
      runs.push({ target: one.target, rows: await runOn(one, all.isQuick) });
    return runs;
  });
  for (const { target, rows } of (await Promise.all(lanes)).flat()) {
    const isGreen = rows.every(({ outcome }) => outcome !== 'red');
    isRed ||= !isGreen;
    if (isGreen && !all.isQuick) await recordRun(target, rows);
  }
  return isRed ? 1 : 0;
}

/** A server that is here, and its program. */
interface Ready {
  readonly target: Target;
  readonly program: string;
}

function notBuilt(target: Target): Row {
  const detail = `no such server in ${serversFolder}; \`npm run test:servers ${target.name}\` builds it`;
  return told({ server: target.name, part: 'all', outcome: 'not run', detail, seconds: 0 });
}

async function get(target: Target): Promise<Ready | Row> {
  const row = rowsOf(target);
  const from = performance.now();
  try {
    const program = await getServer(target);
    row('get it', 'green', `${target.product} ${target.version}`, from);
    return { target, program };
  } catch (error) {
    return row('get it', 'red', error instanceof Error ? error.message : String(error), from);
  }
}

async function runOn({ target, program }: Ready, isQuick: boolean): Promise<Row[]> {
  const row = rowsOf(target);
  const rows: Row[] = [];
  for (const part of planFor(target.backend, isQuick)) {
    const from = performance.now();
    const { problems, detail, output, impossible } = await run(target, program, part);
    for (const { test, reason } of impossible) rows.push(row(part.name, 'not run', `"${test}": ${reason}`, from));
    if (problems.length === 0) rows.push(row(part.name, 'green', detail, from));
    else rows.push(row(part.name, 'red', `${problems.join('; ')} (${await keep(target, part, output)})`, from));
  }
  return rows;
}

/** Tells each row of a server as it is made. */
function rowsOf({ name }: Target) {
  return (part: string, outcome: Row['outcome'], detail: string, from: number): Row =>
    told({ server: name, part, outcome, detail, seconds: Math.round((performance.now() - from) / 1000) });
}

async function run(target: Target, program: string, part: Part) {
  if (part.kind === 'proof') {
    const verdict = await runProof(target, program, part.words);
    return { ...verdict, detail: part.words.join(' '), impossible: [] };
  }
  if (part.kind === 'figures') {
    const { code, output } = await runScript(target, program, part.script);
    return { problems: code === 0 ? [] : ['it failed'], output, detail: output.trim(), impossible: [] };
  }
  const { problems, output, passed, left } = await runTests(target, program, part.files);
  return { problems, output, detail: `${passed} passed`, impossible: left };
}

async function keep(target: Target, part: Part, output: string): Promise<string> {
  await mkdir(outputs, { recursive: true });
  const name = `${target.name}-${part.name.replaceAll(' ', '-')}.log`;
  await writeFile(new URL(name, outputs), output);
  return `see .cache/test-servers/${name}`;
}

function told(row: Row): Row {
  console.log(rowLine(row));
  return row;
}
