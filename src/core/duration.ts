/** Milliseconds, or a number with a unit: `250`, `'250ms'`, `'10s'`, `'1m'`, `'1h'`. */
export type Duration = number | string;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Reads a duration: a number or a bare numeral is milliseconds, otherwise a number with `ms`, `s`, `m` or `h`
 * (`250`, `'250ms'`, `'1.5s'`, `'1m'`). Returns milliseconds, or undefined for a malformed or negative value.
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const [, amount, unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value.trim()) ?? [];
  const factor = unitMs[unit];
  if (amount === undefined || factor === undefined) return undefined;
  const ms = Number(amount) * factor;
  return Number.isFinite(ms) ? ms : undefined;
}

/** Formats milliseconds for people, rounded to two units: `250ms`, `1.5s`, `2m 5s`, `1h 3m`. */
export function formatDuration(ms: number): string {
  const tenths = Math.round(ms / 100);
  if (Math.round(ms) < 1_000) return `${String(Math.round(ms))}ms`;
  if (tenths < 600) return `${String(tenths / 10)}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  const minutes = Math.round(ms / 60_000);
  return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${String(large)}${largeUnit}` : `${String(large)}${largeUnit} ${String(small)}${smallUnit}`;
}
