import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Catalogue, Lab } from './experiment.js';
import { History } from './history.js';
import { parseWords, usage } from './parse-words.js';

const historyFolder = fileURLToPath(new URL('../../../.cache/history/', import.meta.url));

/**
 * Runs the experiment that the command line names. Its last line is `RESULT {json}`; the exit code is 0 when every promise
 * held, 1 when one broke or the experiment itself failed, 2 for a command line that makes no sense.
 */
export async function runExperiment(catalogue: Catalogue, words: readonly string[]): Promise<void> {
  const asked = parseWords(catalogue, words);
  if (typeof asked === 'string') {
    console.error(`${asked}\n${usage(catalogue)}`);
    process.exitCode = 2;
    return;
  }
  const { name, runs, seed, options, load } = asked;
  const histories: { file: string; history: History<object> }[] = [];
  const lab: Lab = {
    runs,
    seed,
    options,
    record<E extends object>() {
      const file = `${historyFolder}${name}-${new Date().toISOString().replaceAll(':', '-')}.jsonl`;
      const history = new History<E>(file);
      histories.push({ file, history });
      return history;
    },
    say: (line) => console.log(line),
  };
  const result: Record<string, unknown> = { name, seed, ...options };
  try {
    const experiment = await load();
    const { problems, figures } = await experiment(lab);
    Object.assign(result, figures, { problems: problems.length, pass: problems.length === 0 });
    for (const problem of problems) console.log(`BROKEN ${problem}`);
  } catch (thrown) {
    console.error(thrown);
    Object.assign(result, { error: thrown instanceof Error ? thrown.message : String(thrown), pass: false });
  }
  for (const { file, history } of histories) {
    history.flush();
    console.log(`history: ${relative(process.cwd(), file)} (${history.events.length} events)`);
  }
  console.log(`RESULT ${JSON.stringify(result)}`);
  process.exitCode = result.pass === true ? 0 : 1;
}
