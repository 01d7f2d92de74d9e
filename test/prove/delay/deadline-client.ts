import { rawConsul } from '../../support/servers/raw-consul.js';
import type { RawConsul } from '../../support/servers/raw-consul.js';
import { pause } from '../experiment/pause.js';

const LOOK_WITHIN_MS = 5_000;
const RETRY_AFTER_MS = 250;

/**
 * What the control does wrong: a heartbeat has a deadline of its own, the next waits for it, and after one that missed
 * it the client looks whether it is still registered before it sends another.
 */
export class DeadlineClient {
  readonly #beats: RawConsul;
  readonly #looks: RawConsul;
  readonly #name: string;
  readonly #ttlMs: number;
  readonly #intervalMs: number;
  #going: Promise<void> = Promise.resolve();
  #over = false;

  constructor(url: string, name: string, ttlMs: number) {
    this.#name = name;
    this.#ttlMs = ttlMs;
    this.#intervalMs = ttlMs / 3;
    this.#beats = rawConsul(url, { timeoutMs: Math.round(0.8 * this.#intervalMs) });
    this.#looks = rawConsul(url, { timeoutMs: LOOK_WITHIN_MS });
  }

  /** Resolves once it passes. */
  async start(): Promise<void> {
    await this.#register();
    await this.#beat();
    this.#going = this.#run();
  }

  async stop(): Promise<void> {
    this.#over = true;
    this.#beats.close();
    this.#looks.close();
    await this.#going;
  }

  async #run(): Promise<void> {
    while (!this.#over) {
      await pause(this.#intervalMs);
      while (!this.#over && !(await this.#beat().catch(() => false))) {
        while (!this.#over && !(await this.#isThere().catch(() => false))) await pause(RETRY_AFTER_MS);
      }
    }
  }

  async #beat(): Promise<boolean> {
    const answer = await this.#beats.put(`/v1/agent/check/update/${this.#name}:ttl`, { Status: 'passing' });
    return answer.status === 200;
  }

  async #isThere(): Promise<boolean> {
    const answer = await this.#looks.get(`/v1/agent/service/${this.#name}`);
    if (answer.status === 404) await this.#register();
    return answer.status === 200;
  }

  async #register(): Promise<void> {
    const check = { CheckID: `${this.#name}:ttl`, Name: 'Heartbeat', TTL: `${String(this.#ttlMs)}ms` };
    await this.#looks.put('/v1/agent/service/register', { ID: this.#name, Name: this.#name, Checks: [check] });
  }
}
