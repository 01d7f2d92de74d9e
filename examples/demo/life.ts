import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { EventName, RegistrarEvents } from 'rollcall';
import type { Stage } from './stage.js';
import { duration } from './timeline.js';
import type { Timeline } from './timeline.js';
import { Client } from './client.js';

const GATE_SHUT_MS = 1_000;
const LONGEST_WAIT_MS = 20_000;
/** How long the client keeps calling after the service has deregistered, as a slow load balancer would. */
const LATE_REQUESTS_MS = 1_200;

export interface LifePlan {
  readonly app: FastifyInstance;
  readonly stage: Stage;
  readonly timeline: Timeline;
  /** Opens the readiness gate. */
  readonly openGate: () => void;
  /** Sends this process the signal of a platform, SIGTERM. */
  readonly terminate: () => void;
  /** Aborts when the user ends the demo. */
  readonly signal: AbortSignal;
}

/** Plays the life of one instance until its last request. Rejects when an expected event does not happen. */
export async function playLife({ app, stage, timeline, openGate, terminate, signal }: LifePlan): Promise<void> {
  const { registrar } = app;
  const me = (): { name: string; id: string } => ({ name: registrar.status().name, id: registrar.status().id ?? '' });

  const next = <N extends EventName>(event: N): Promise<RegistrarEvents[N]> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`'${event}' did not come within ${duration(LONGEST_WAIT_MS)}`)),
        LONGEST_WAIT_MS,
      );
      const off = registrar.on(event, (payload) => {
        clearTimeout(late);
        off();
        resolve(payload);
      });
    });

  /** Reads the entry from the registry itself, not from the Registrar. `since`: the time of the fault. */
  const readBack = async (expected: 'passing' | 'gone', since?: number): Promise<void> => {
    const { name, id } = me();
    const giveUpAt = performance.now() + 2_000;
    for (;;) {
      const entry = await stage.readBack(name, id);
      if (expected === 'gone' ? entry === undefined : entry?.includes('passing')) {
        const after = since === undefined ? '' : `, ${duration(performance.now() - since)} after the fault`;
        timeline.tell(
          'read back',
          entry === undefined
            ? 'read directly, the registry has no such entry'
            : `read directly, the registry lists ${entry}${after}`,
        );
        return;
      }
      if (performance.now() > giveUpAt)
        throw new Error(`the registry lists ${entry ?? 'no such entry'}; it should be ${expected}`);
      await sleep(20, undefined, { signal });
    }
  };

  const beats = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) await next('beat');
    signal.throwIfAborted();
  };

  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  timeline.tell('listening', `a Fastify app, on ${url}`);
  timeline.tell('waiting', `not ready for ${duration(GATE_SHUT_MS)}, on purpose, so it must not be listed yet`);
  await readBack('gone');
  const client = new Client(url);
  signal.addEventListener('abort', () => void client.stop());
  await sleep(GATE_SHUT_MS, undefined, { signal });

  const registered = next('registered');
  openGate();
  await registered;
  await readBack('passing');
  await beats(3);

  timeline.tell('fault', 'another client deregisters it');
  const returned = next('recovered');
  const takenAt = performance.now();
  await stage.takeAway(me().name, me().id);
  await returned;
  await readBack('passing', takenAt);
  await beats(2);

  if (stage.restart !== undefined) {
    timeline.tell('fault', 'the registry is killed (SIGKILL) and started again, empty');
    const back = next('recovered');
    const killedAt = performance.now();
    await stage.restart();
    await back;
    await readBack('passing', killedAt);
    await beats(2);
  }

  timeline.tell('SIGTERM', 'sent to this process, as a platform does when it replaces an instance');
  const left = next('deregistered');
  const answeredBefore = client.answered;
  terminate();
  await left;
  await readBack('gone');
  await sleep(LATE_REQUESTS_MS);
  await client.stop();
  timeline.tell(
    'answered',
    `${client.answered - answeredBefore} requests since SIGTERM, ${client.answered} in all; ${client.failures.length} failed`,
  );
  if (client.failures.length > 0) throw new Error(`requests failed: ${client.failures.join(', ')}`);
}
