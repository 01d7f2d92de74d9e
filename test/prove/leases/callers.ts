import { Agent, request } from 'node:http';
import { pause } from '../experiment/pause.js';
import type { Listed, RawStore } from './raw-store.js';

const CALLERS = 8;
const LOOK_EVERY_MS = 250;
const TIMEOUT_MS = 10_000;

/** Callers that find the instances in the registry themselves and take each in turn, until they are stopped. */
export class Callers {
  requests = 0;
  failed = 0;
  readonly #store: RawStore;
  readonly #service: string;
  readonly #agent = new Agent({ keepAlive: false });
  readonly #going: Promise<unknown>;
  #listed: readonly Listed[] = [];
  #over = false;

  constructor(store: RawStore, service: string) {
    this.#store = store;
    this.#service = service;
    this.#going = Promise.all([this.#follow(), ...Array.from({ length: CALLERS }, (_, at) => this.#call(at))]);
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#going;
  }

  async #follow(): Promise<void> {
    while (!this.#over) {
      // No answer is no news.
      this.#listed = (await this.#store.look(this.#service)) ?? this.#listed;
      await pause(LOOK_EVERY_MS);
    }
  }

  async #call(first: number): Promise<void> {
    for (let turn = first; !this.#over; turn += 1) {
      const target = this.#listed[turn % this.#listed.length];
      if (target === undefined) {
        await pause(10);
        continue;
      }
      this.requests += 1;
      if (!(await this.#ask(target.port))) this.failed += 1;
    }
  }

  #ask(port: number): Promise<boolean> {
    return new Promise((resolve) => {
      const outgoing = request({ port, host: '127.0.0.1', agent: this.#agent, timeout: TIMEOUT_MS }, (response) => {
        response.resume();
        response.once('close', () => resolve(response.complete && response.statusCode === 200));
      });
      outgoing.once('timeout', () => outgoing.destroy());
      outgoing.once('error', () => resolve(false));
      outgoing.end();
    });
  }
}
