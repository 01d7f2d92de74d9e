import { afterEach, describe, expect, it } from 'vitest';
import { cleanUp } from '../integration/fixtures/live.js';
import { waitFor } from '../support/wait-for.js';
import { answers, asksOf, consulAsks, countingSignal, serverOf } from './fixtures/wrong-answers.js';

afterEach(cleanUp);

const DEADLINE_MS = 300;
/** What the pools of all clients may keep. */
const IDLE_SOCKETS = 20;

describe.each(Object.entries(answers))('an answer that %s', (_what, answer) => {
  it('is over at the deadline at the latest, whatever asks, and nothing of it stays', async () => {
    const { port, sockets, state } = await serverOf(answer);
    const asks = Object.entries(await asksOf(port, state));
    const outcomes = await Promise.all(
      asks.map(async ([name, ask]) => {
        const { controller, signal, listeners } = countingSignal();
        const deadline = setTimeout(() => controller.abort(new Error('deadline')), DEADLINE_MS);
        const outcome = await Promise.race([
          ask(signal).then(
            () => 'answered',
            (error: unknown) => (error instanceof Error ? 'rejected' : String(error)),
          ),
          // Ten times the deadline, for a machine that is busy.
          new Promise((resolve) => setTimeout(resolve, 10 * DEADLINE_MS, 'pending').unref()),
        ]);
        clearTimeout(deadline);
        return { name, outcome, listeners: listeners() };
      }),
    );
    for (const { name, outcome, listeners } of outcomes) {
      if (name === 'a component') expect(outcome).not.toBe('pending');
      else expect([name, outcome, listeners]).toEqual([name, 'rejected', 0]);
    }
    await waitFor(() => sockets.size <= IDLE_SOCKETS);
    // The connections are usable again as soon as the server is well.
    state.isWell = true;
    const { 'Consul, a beat': beat } = await consulAsks(port, state);
    state.isWell = true;
    await beat!(new AbortController().signal);
  });
});
