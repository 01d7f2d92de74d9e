/** For experiments, which live in real time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Calls `tick` every `ms`, or at once when the last call took longer, until `enough` or the deadline. Resolves to whether it was enough. */
export async function every(
  ms: number,
  tick: () => Promise<void>,
  enough: () => boolean,
  withinMs: number,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!enough()) {
    const startedAt = performance.now();
    if (startedAt >= deadline) return false;
    await tick();
    if (!enough()) await pause(startedAt + ms - performance.now());
  }
  return true;
}
