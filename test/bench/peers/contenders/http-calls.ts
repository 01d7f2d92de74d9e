import { Agent, get } from 'node:http';
import { ATTEMPT_MS, CALLER_HEADER } from '../contender.js';

/** GET by `node:http` over kept connections; rejects for any status but 200. */
export class HttpCalls {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #caller: string;

  constructor(caller: string) {
    this.#caller = caller;
  }

  get(origin: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = {
        agent: this.#agent,
        headers: { [CALLER_HEADER]: this.#caller },
        signal: AbortSignal.timeout(ATTEMPT_MS),
      };
      get(origin, options, (response) => {
        response.resume();
        response.once('error', reject);
        response.once('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(Object.assign(new Error(`status ${String(response.statusCode)}`), { code: response.statusCode }));
        });
      }).once('error', reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Once more where the first attempt failed. */
export async function tryTwice<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch {
    return attempt();
  }
}
