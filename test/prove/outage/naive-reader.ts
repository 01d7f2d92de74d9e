import { pause } from '../experiment/pause.js';

const WAIT = '5s';
const RETRY_MS = 250;

/** A client as one writes it in an afternoon: it believes each answer, and has nothing when there is none. */
export class NaiveReader {
  #ids: readonly string[] = [];
  #isClosed = false;
  readonly #controller = new AbortController();

  constructor(url: string, service: string) {
    void this.#run(url, service);
  }

  find(): readonly string[] {
    return this.#ids;
  }

  close(): void {
    this.#isClosed = true;
    this.#controller.abort();
  }

  async #run(url: string, service: string): Promise<void> {
    let index = '';
    while (!this.#isClosed) {
      try {
        const answer = await fetch(`${url}/v1/health/service/${service}?passing&wait=${WAIT}&index=${index}`, {
          signal: this.#controller.signal,
        });
        const entries = (await answer.json()) as { Service: { ID: string } }[];
        index = answer.headers.get('x-consul-index') ?? '';
        this.#ids = entries.map(({ Service }) => Service.ID);
      } catch {
        this.#ids = [];
        await pause(RETRY_MS);
      }
    }
  }
}
