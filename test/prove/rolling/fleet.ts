import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { wallClock } from '../experiment/history.js';
import type { RollingEvent } from './judge-rolling.js';
import type { FromInstance, InstancePlan } from './service-plan.js';

const SERVING_WITHIN_MS = 60_000;

/** Several instances of one service, each in a process of its own and at a port of its own, a new one at each start as in containers. */
export class Fleet {
  readonly #plan: Omit<InstancePlan, 'id'>;
  readonly #instances: ForkedService[] = [];

  constructor(plan: Omit<InstancePlan, 'id'>) {
    this.#plan = plan;
  }

  launch(slot: number): void {
    const plan: InstancePlan = { ...this.#plan, id: `${this.#plan.service}-${slot}` };
    this.#instances[slot] = forkService(new URL('instance.ts', import.meta.url), { words: [JSON.stringify(plan)] });
  }

  /** Resolves when the instance of this slot has been sent a request. */
  async serving(slot: number): Promise<void> {
    await this.#at(slot).waitForMessage(
      (message): message is FromInstance => (message as FromInstance).kind === 'serving',
      SERVING_WITHIN_MS,
    );
  }

  /** SIGTERM; resolves when the process has gone, with what can be said of its end. */
  async terminate(slot: number, roll: number): Promise<Extract<RollingEvent, { event: 'restarted' }>> {
    const instance = this.#at(slot);
    const at = wallClock();
    instance.signal('SIGTERM');
    const { code } = await instance.exit;
    const exitedAt = wallClock();
    const end = (instance.messages as FromInstance[]).find((message) => message.kind === 'ending');
    return {
      event: 'restarted',
      roll,
      at,
      exitedAt,
      code,
      lastRequestAt: end?.lastRequestAt,
      lastAnswerAt: end?.lastAnswerAt,
      longestSilenceMs: end?.longestSilenceMs ?? 0,
    };
  }

  async kill(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.kill()));
  }

  #at(slot: number): ForkedService {
    const instance = this.#instances[slot];
    if (instance === undefined) throw new Error(`There is no instance in slot ${slot}`);
    return instance;
  }
}
