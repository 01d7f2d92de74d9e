import { writeSync } from 'node:fs';

/** What the bench asked for. */
export function plan<P>(): P {
  return JSON.parse(process.argv[2] ?? '') as P;
}

/** One row for the bench that started us. */
export function reportRow(row: object): void {
  writeSync(3, `${JSON.stringify(row)}\n`);
}

/** Several, since one leaves what only finalizers free. */
export async function collectGarbage(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    global.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Keeps this process alive until the returned function is called: the library never does that by itself. */
export function stayAlive(): () => void {
  const timer = setInterval(() => undefined, 2 ** 31 - 1);
  return () => {
    clearInterval(timer);
  };
}
