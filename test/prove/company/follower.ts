import { setTimeout as sleep } from 'node:timers/promises';
import { rawConsul } from '../../support/servers/raw-consul.js';

export interface Target {
  readonly id: string;
  readonly port: number;
}

interface CatalogRow {
  readonly Service: { readonly ID: string; readonly Port: number };
}

/** The list of passing instances, kept up to date by long polls as callers do that follow the registry. */
export class Follower {
  readonly #raw: ReturnType<typeof rawConsul>;
  readonly #path: string;
  readonly #following: Promise<void>;
  #targets: readonly Target[] = [];
  #next = 0;
  #over = false;

  constructor(url: string, service: string) {
    this.#raw = rawConsul(url);
    this.#path = `/v1/health/service/${service}?passing`;
    this.#following = this.#follow();
  }

  get targets(): readonly Target[] {
    return this.#targets;
  }

  /** One instance after the other. */
  pick(): Target | undefined {
    this.#next += 1;
    return this.#targets[this.#next % Math.max(1, this.#targets.length)];
  }

  /** What the agent says now. */
  async look(): Promise<readonly Target[]> {
    return targetsIn((await this.#raw.get(this.#path)).json<CatalogRow[]>());
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#following;
    this.#raw.close();
  }

  async #follow(): Promise<void> {
    let index = '0';
    while (!this.#over) {
      try {
        const answer = await this.#raw.get(`${this.#path}&wait=1s&index=${index}`);
        this.#targets = targetsIn(answer.json<CatalogRow[]>());
        index = String(answer.headers['x-consul-index'] ?? '0');
      } catch {
        await sleep(50);
      }
    }
  }
}

function targetsIn(rows: readonly CatalogRow[]): Target[] {
  return rows.map(({ Service }) => ({ id: Service.ID, port: Service.Port }));
}
