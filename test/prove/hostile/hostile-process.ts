import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { wallClock } from '../experiment/history.js';
import { pause } from '../experiment/pause.js';
import type { Canaries } from './canaries.js';
import type { FromHostile, HostilePlan, Look, ToHostile } from './hostile-plan.js';
import type { HostileEvent } from './judge-hostile.js';
import type { Side, World } from './sides/side.js';

type ProcessPlan = Pick<HostilePlan, 'backend' | 'thread' | 'ttlMs' | 'intervalMs' | 'plant'>;

const STOPPED_WITHIN_MS = 20_000;
const REPLIES_WITHIN_MS = 60_000;

/** The process with the Registrars of one side. */
export class HostileProcess {
  readonly #service: ForkedService;
  #asked = 0;
  #drained = { messages: 0, lines: 0 };
  #ended: string | undefined;
  #isStopping = false;

  constructor(plan: ProcessPlan, { secrets }: World, { registrars, url: stormUrl }: Side) {
    const { backend, thread, ttlMs, intervalMs, plant } = plan;
    const whole: HostilePlan = { backend, thread, registrars, ttlMs, intervalMs, secrets, plant, stormUrl };
    this.#service = forkService(new URL('hostile-service.ts', import.meta.url), { words: [JSON.stringify(whole)] });
    void this.#service.ended.then(({ code, signal }) => (this.#ended = signal ?? `exit ${code ?? 0}`));
  }

  get isRunning(): boolean {
    return this.#ended === undefined;
  }

  get crashed(): boolean {
    return this.#ended !== undefined && !this.#isStopping;
  }

  get lastWords(): string {
    return `${this.#ended ?? ''}\n${this.#service.lines
      .filter((line) => !line.startsWith('{'))
      .slice(-15)
      .join('\n')}`;
  }

  send(message: ToHostile): void {
    if (message.ask === 'stop') this.#isStopping = true;
    if (this.isRunning) this.#service.send(message);
  }

  async look(): Promise<readonly Look[]> {
    const n = (this.#asked += 1);
    this.send({ ask: 'look', n });
    return (await this.#reply('looked', n)).looks;
  }

  rest(): Promise<Extract<FromHostile, { kind: 'rested' }>> {
    const n = (this.#asked += 1);
    this.send({ ask: 'rest', n });
    return this.#reply('rested', n);
  }

  async stopped(): Promise<void> {
    const isStopped = (message: unknown): message is FromHostile => (message as FromHostile).kind === 'stopped';
    await this.#service.waitForMessage(isStopped, STOPPED_WITHIN_MS).catch(() => undefined);
  }

  /** How it ends by itself; it has to, once there is nothing left to do. */
  async end(): Promise<string> {
    return Promise.race([
      this.#service.ended.then(({ code, signal }) => signal ?? `exit ${code ?? 0}`),
      pause(STOPPED_WITHIN_MS).then(() => 'no end'),
    ]);
  }

  /** What it has seen of itself since the last call, and what of its output is secret. */
  drain(note: (event: HostileEvent) => void, canaries: Canaries): void {
    const at = wallClock();
    for (const message of this.#service.messages.slice(this.#drained.messages) as FromHostile[]) {
      if (message.kind === 'unhandled') note({ event: 'unhandled', at, what: message.what });
      if (message.kind !== 'canary') continue;
      const { secret, where, around } = message;
      note({ event: 'canary', at, secret, where, around });
    }
    for (const line of this.#service.lines.slice(this.#drained.lines)) {
      const found = canaries.find(line);
      if (found === undefined) continue;
      note({ event: 'canary', at, secret: found.name, where: 'stdout or stderr', around: found.around });
    }
    this.#drained = { messages: this.#service.messages.length, lines: this.#service.lines.length };
  }

  async kill(): Promise<void> {
    this.#isStopping = true;
    await this.#service.kill();
  }

  #reply<K extends 'looked' | 'rested'>(kind: K, n: number): Promise<Extract<FromHostile, { kind: K }>> {
    const isReply = (message: unknown): message is Extract<FromHostile, { kind: K }> =>
      (message as FromHostile).kind === kind && (message as { n: number }).n === n;
    return this.#service.waitForMessage(isReply, REPLIES_WITHIN_MS);
  }
}
