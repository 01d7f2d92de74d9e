import { rawConsul } from '../../support/servers/raw-consul.js';
import { wallClock } from './history.js';

/** An instance as the readers of a service see it. */
export interface SeenEntry {
  readonly id: string;
  /** Of the service; another one after an entry was removed and written again. */
  readonly createIndex: number;
  readonly passing: boolean;
}

export interface Sighting {
  /** When the answer was there, on the wall clock. */
  readonly at: number;
  /** Undefined: no answer, or none of HTTP 200. */
  readonly entries: readonly SeenEntry[] | undefined;
}

interface CatalogRow {
  readonly Service: { readonly ID: string; readonly CreateIndex: number };
  readonly Checks: readonly { readonly Status: string }[];
}

/** Reads `/v1/health/service` and nothing else, with none of our own code between. Never rejects. */
export class CatalogReader {
  readonly #consul: ReturnType<typeof rawConsul>;

  constructor(url: string, token?: string) {
    this.#consul = rawConsul(url, { token });
  }

  /** One look at a service. `filter: 'passing'` leaves the filtering to the agent, as readers do. */
  async look(service: string, filter?: 'passing'): Promise<Sighting> {
    try {
      const answer = await this.#consul.get(`/v1/health/service/${service}${filter === undefined ? '' : '?passing'}`);
      const entries = answer.status === 200 ? answer.json<CatalogRow[]>().map(entryOf) : undefined;
      return { at: wallClock(), entries };
    } catch {
      return { at: wallClock(), entries: undefined };
    }
  }

  /** True when the agent has accepted it. */
  async put(path: string, body?: unknown): Promise<boolean> {
    try {
      return (await this.#consul.put(path, body)).status === 200;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#consul.close();
  }
}

function entryOf({ Service, Checks }: CatalogRow): SeenEntry {
  return {
    id: Service.ID,
    createIndex: Service.CreateIndex,
    passing: Checks.every(({ Status }) => Status === 'passing'),
  };
}
