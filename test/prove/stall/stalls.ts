import { execFileSync } from 'node:child_process';
import { runInNewContext } from 'node:vm';

/** What keeps an event loop from running for a while. Those below are what happens in services that live … */
export const shortStalls = ['busy loop', 'JSON', 'garbage', 'execSync'] as const;
/** … and these never end by themselves: they are ended from outside. */
export const wedges = ['while (true)', 'regular expression', 'Atomics.wait'] as const;
export type StallKind = (typeof shortStalls)[number] | (typeof wedges)[number];

const rows = Array.from({ length: 2_000 }, (_, id) => ({
  id,
  name: `row ${id}`,
  tags: ['a', 'b'],
  nested: { deep: [id, id + 1] },
}));

const until = (ms: number, work: () => void) => {
  const endAt = performance.now() + ms;
  while (performance.now() < endAt) work();
};

/** V8 itself ends the script, wherever it is. */
const endless = (script: string, ms: number) => {
  try {
    runInNewContext(script, {}, { timeout: Math.round(ms) });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
  }
};

const kinds: Readonly<Record<StallKind, (ms: number) => void>> = {
  'busy loop': (ms) => until(ms, () => undefined),
  JSON: (ms) => until(ms, () => JSON.parse(JSON.stringify(rows)) as unknown),
  garbage(ms) {
    let kept: object[] = [];
    until(ms, () => {
      kept.push(new Array(1_000).fill(kept.length));
      if (kept.length > 5_000) kept = kept.slice(-1_000);
      if (kept.length % 1_000 === 0) global.gc?.();
    });
  },
  execSync(ms) {
    execFileSync('sleep', [String(ms / 1_000)]);
  },
  'while (true)': (ms) => endless('while (true);', ms),
  'regular expression': (ms) => endless("/^(a+)+$/.test('a'.repeat(100) + '!')", ms),
  'Atomics.wait'(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  },
};

/** Stalls this event loop for about so long. */
export function stall(kind: StallKind, ms: number): void {
  kinds[kind](ms);
}
