/**
 * Asks again until the answer is truthy, and resolves to it; a throw counts as "not yet". For real servers, which cannot
 * call us back. Rejects after `timeoutMs` with the last error or answer.
 */
export async function waitFor<T>(
  ask: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, false | undefined | null | 0 | ''>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let seen: unknown;
    try {
      const answer = await ask();
      if (answer) return answer as Exclude<T, false | undefined | null | 0 | ''>;
      seen = `the answer was ${JSON.stringify(answer)}`;
    } catch (error) {
      seen = error;
    }
    if (performance.now() >= deadline) {
      const last = seen instanceof Error ? seen.message : String(seen);
      throw new Error(`Waited ${timeoutMs} ms in vain; at last ${last}`, { cause: seen });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
