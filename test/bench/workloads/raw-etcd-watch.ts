import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';

interface Message {
  readonly result?: { readonly events?: readonly { readonly kv: { readonly value?: string } }[] };
}

/** Follows one key of etcd by a watch over its JSON gateway, with the least code that can. `onValue` gets each value. */
export class RawEtcdWatch {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #isClosed = false;

  constructor(url: string, key: string, onValue: (value: string) => void) {
    const outgoing = request(`${url}/v3/watch`, { method: 'POST', agent: this.#agent }, (answer) => {
      // A line a message.
      createInterface({ input: answer })
        .on('line', (line) => {
          for (const { kv } of (JSON.parse(line) as Message).result?.events ?? [])
            onValue(Buffer.from(kv.value ?? '', 'base64').toString());
        })
        .on('error', () => undefined);
    });
    outgoing.on('error', (error) => {
      if (!this.#isClosed) throw error;
    });
    // From the first revision on, so that it has the value that is there too.
    const create = { key: Buffer.from(key).toString('base64'), start_revision: '1' };
    outgoing.end(JSON.stringify({ create_request: create }));
  }

  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }
}
