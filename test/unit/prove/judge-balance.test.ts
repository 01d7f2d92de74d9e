import { expect, it } from 'vitest';
import { FAULT_FROM_MS, HEALED_AT_MS, SCENARIO_MS, SERVERS, judgeBalance } from '../../prove/balance/judge-balance.js';
import type { CallRow } from '../../prove/balance/judge-balance.js';
import type { Fault } from '../../prove/balance/faults.js';

type Change = (row: CallRow) => CallRow;
const isFaulty = ({ at }: CallRow) => at >= FAULT_FROM_MS && at < HEALED_AT_MS;

function scenario(fault: Fault, bad: number, change: Change = (row) => row): CallRow[] {
  const rows: CallRow[] = [];
  for (let at = 0; at < SCENARIO_MS; at += 10) {
    const turn = (at / 10) % SERVERS;
    const row: CallRow = { caller: 'ours', fault, bad, round: 1, at, endedAt: at + 5, succeeded: true, tried: [turn] };
    const avoided = isFaulty(row) && bad === 1 && turn === 0 ? { ...row, tried: [1] } : row;
    const failed = isFaulty(row) && bad === SERVERS ? { ...row, succeeded: false } : avoided;
    rows.push(change(failed));
  }
  return rows;
}

const control: Change = (row) => ({ ...row, caller: 'control', succeeded: !(isFaulty(row) && row.at % 80 === 0) });
function all(change: Change = (row) => row): CallRow[] {
  return [
    ...scenario('blackHole', 1, change),
    ...scenario('slow', 1, change),
    ...scenario('instant503', 1, change),
    ...scenario('instant503', SERVERS, change),
    ...scenario('blackHole', 1, control),
  ];
}

it('is content with calls that avoid the bad server and return to it', () => {
  expect(judgeBalance(all())).toMatchObject({ problems: [], figures: { amplification: 1, recoveredMs: { max: 0 } } });
});

it('sees calls that fail', () => {
  const fails: Change = (row) => (row.bad === 1 && row.at % 1_000 === 0 ? { ...row, succeeded: false } : row);
  expect(judgeBalance(all(fails)).problems.join()).toContain('of the calls succeeded');
});

it('sees calls to the bad server', () => {
  const stays: Change = (row) => (row.bad === 1 && row.at % 80 === 0 ? { ...row, tried: [0] } : row);
  expect(judgeBalance(all(stays)).problems.join()).toContain('went to the bad server');
});

it('sees a healed server that gets nothing', () => {
  const starves: Change = (row) => (row.bad === 1 ? { ...row, tried: [1] } : row);
  expect(judgeBalance(all(starves)).problems.join()).toContain('fair share');
});

it('sees too many second tries, and a late recovery', () => {
  const doubles: Change = (row) => (row.bad === SERVERS ? { ...row, tried: [0, 1] } : row);
  expect(judgeBalance(all(doubles)).problems.join()).toContain('2 requests a call');
  const late: Change = (row) =>
    row.bad === SERVERS && row.at >= HEALED_AT_MS && row.at < HEALED_AT_MS + 2_000 ? { ...row, succeeded: false } : row;
  expect(judgeBalance(all(late)).problems.join()).toContain('succeeded again');
});

it('sees that nothing was measured, and a control that does not fail', () => {
  expect(judgeBalance([]).problems.length).toBeGreaterThan(3);
  const rows = all().filter(({ caller }) => caller === 'ours');
  expect(judgeBalance(rows).problems).toEqual(['the control does not fail, so the proof shows nothing']);
});
