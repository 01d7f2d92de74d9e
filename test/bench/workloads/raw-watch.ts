import { Agent, get } from 'node:http';

/** Follows a service by blocking queries, with the least code that can. `onAnswer` gets each body. */
export class RawWatch {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;
  readonly #onAnswer: (body: Buffer) => void;
  #isClosed = false;

  constructor(url: string, service: string, onAnswer: (body: Buffer) => void) {
    this.#url = `${url}/v1/health/service/${service}?wait=60s`;
    this.#onAnswer = onAnswer;
    this.#poll('0');
  }

  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  #poll(index: string): void {
    const outgoing = get(`${this.#url}&index=${index}`, { agent: this.#agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        if (this.#isClosed) return;
        this.#onAnswer(Buffer.concat(chunks));
        if (!this.#isClosed) this.#poll(String(answer.headers['x-consul-index']));
      });
    });
    outgoing.on('error', (error) => {
      if (!this.#isClosed) throw error;
    });
  }
}
