import { Agent, request } from 'node:http';
import { pause } from '../experiment/pause.js';

/** How many keys a read found; `refused`: there was no answer, or an error. */
export type Reading = number | 'refused';

/** What a reader of gRPC endpoints would wait. */
const PATIENCE_MS = 1_000;

/** Reads the keys below a prefix from one member, over one connection that is kept. */
export class MemberReader {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  read(prefix: string): Promise<Reading> {
    const end = `${prefix.slice(0, -1)}0`;
    const body = JSON.stringify({
      key: Buffer.from(prefix).toString('base64'),
      range_end: Buffer.from(end).toString('base64'),
      keys_only: true,
    });
    return new Promise((resolve) => {
      const asking = request(
        `${this.#url}/v3/kv/range`,
        { method: 'POST', agent: this.#agent, signal: AbortSignal.timeout(PATIENCE_MS) },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response
            .on('error', () => resolve('refused'))
            .on('end', () => resolve(response.statusCode === 200 ? countIn(text) : 'refused'));
        },
      );
      asking.on('error', () => resolve('refused')).end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function countIn(text: string): Reading {
  try {
    return Number((JSON.parse(text) as { count?: string }).count ?? 0);
  } catch {
    return 'refused';
  }
}

/** What came of many reads. */
export interface Tally {
  listed: number;
  absent: number;
  doubled: number;
  refused: number;
}

export const emptyTally = (): Tally => ({ listed: 0, absent: 0, doubled: 0, refused: 0 });

export function count(tally: Tally, reading: Reading): void {
  tally[reading === 'refused' ? 'refused' : reading === 0 ? 'absent' : reading === 1 ? 'listed' : 'doubled'] += 1;
}

/** Reads until told to stop, pausing a little after an answer and longer after none. */
export async function readOn(
  reader: MemberReader,
  onRound: (reader: MemberReader) => Promise<Reading>,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) await pause((await onRound(reader)) === 'refused' ? 20 : 2);
}
