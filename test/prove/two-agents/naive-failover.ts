import { rawConsul } from '../../support/servers/raw-consul.js';
import type { RawConsul } from '../../support/servers/raw-consul.js';

/** What the control does wrong: it registers with the first agent that takes it and forgets where it was before. */
export class NaiveFailover {
  readonly #agents: readonly RawConsul[];
  readonly #ttlMs: number;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #beating = false;

  constructor(urls: readonly string[], ttlMs: number, intervalMs: number) {
    this.#agents = urls.map((url) => rawConsul(url, { timeoutMs: intervalMs / 2 }));
    this.#ttlMs = ttlMs;
    this.#intervalMs = intervalMs;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (!this.#beating) void this.#beat();
    }, this.#intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const agent of this.#agents) agent.close();
  }

  async #beat(): Promise<void> {
    this.#beating = true;
    for (const agent of this.#agents) {
      if (await this.#keptBy(agent).catch(() => false)) break;
    }
    this.#beating = false;
  }

  async #keptBy(agent: RawConsul): Promise<boolean> {
    const beat = () => agent.put('/v1/agent/check/update/control:ttl', { Status: 'passing' });
    if ((await beat()).status === 200) return true;
    const check = { CheckID: 'control:ttl', Name: 'Heartbeat', TTL: `${String(this.#ttlMs)}ms` };
    await agent.put('/v1/agent/service/register', { ID: 'control', Name: 'control', Checks: [check] });
    return (await beat()).status === 200;
  }
}
