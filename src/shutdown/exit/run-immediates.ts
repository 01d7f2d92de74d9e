/**
 * Runs `run`, and at once what it passes to `setImmediate`: in the process's 'exit' event no immediate runs any more.
 * Redis clients send their commands from one.
 */
export function runImmediates(run: () => void): void {
  const former = globalThis.setImmediate;
  const atOnce = (immediate: (...words: unknown[]) => void, ...words: unknown[]) => {
    immediate(...words);
  };
  globalThis.setImmediate = atOnce as unknown as typeof setImmediate;
  try {
    run();
  } finally {
    globalThis.setImmediate = former;
  }
}
