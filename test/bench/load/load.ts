import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** How a server did for a while. */
export interface Served {
  readonly ms: number;
  /** From a request to the last byte of its answer, one for each. */
  readonly latenciesMs: readonly number[];
}

/**
 * Callers that each keep a connection and ask anew as soon as they are answered, with as little work of their own as there can be: all answers
 * have the same length, so that they are counted by their bytes. Rejects, in whatever is awaited, when an answer is not what the first one was.
 */
export class Load {
  readonly #callers: readonly Caller[];

  private constructor(callers: readonly Caller[]) {
    this.#callers = callers;
  }

  static async open(port: number, path: string, connections: number): Promise<Load> {
    return new Load(await Promise.all(Array.from({ length: connections }, () => Caller.open(port, path))));
  }

  /** The body of an answer. */
  get body(): string {
    const [caller] = this.#callers;
    return caller?.first.slice(caller.first.indexOf('\r\n\r\n') + 4) ?? '';
  }

  async run(ms: number): Promise<Served> {
    const latenciesMs: number[] = [];
    const rest = stayAwake();
    const startedAt = performance.now();
    await Promise.all(this.#callers.map((caller) => caller.askUntil(startedAt + ms, latenciesMs)));
    rest();
    return { ms: performance.now() - startedAt, latenciesMs };
  }

  close(): void {
    for (const caller of this.#callers) caller.close();
  }
}

/** Waking a sleeper is paid for by whoever wakes it: a server would look the dearer, the more often it has to wait for its callers. */
function stayAwake(): () => void {
  let awake = true;
  const turn = () => {
    if (awake) setImmediate(turn);
  };
  turn();
  return () => {
    awake = false;
  };
}

class Caller {
  readonly #socket: Socket;
  readonly #request: Buffer;
  /** The first answer, as it came. */
  readonly first: string;

  private constructor(socket: Socket, request: Buffer, first: string) {
    this.#socket = socket;
    this.#request = request;
    this.first = first;
  }

  static async open(port: number, path: string): Promise<Caller> {
    const socket = connect(port, '127.0.0.1').setNoDelay();
    await once(socket, 'connect');
    const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    socket.write(request);
    let first = '';
    while (!isWhole(first)) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      first += chunk.toString('latin1');
    }
    socket.pause();
    return new Caller(socket, request, first);
  }

  askUntil(deadline: number, latenciesMs: number[]): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let missing = this.first.length;
      let askedAt = performance.now();
      const onData = (chunk: Buffer) => {
        missing -= chunk.length;
        if (missing > 0) return;
        const now = performance.now();
        latenciesMs.push(now - askedAt);
        if (missing === 0 && now < deadline) {
          missing = this.first.length;
          askedAt = now;
          socket.write(this.#request);
          return;
        }
        socket.off('data', onData).off('close', onClose).pause();
        if (missing < 0) reject(new Error(`An answer is ${-missing} bytes longer than the first one: ${this.first}`));
        else resolve();
      };
      const onClose = () => reject(new Error('The server has closed a connection under load'));
      socket.on('data', onData).on('close', onClose).resume();
      socket.write(this.#request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n');
  const length = Number(/^content-length: (\d+)/im.exec(answer)?.[1]);
  return end >= 0 && answer.startsWith('HTTP/1.1 200') && answer.length >= end + 4 + length;
}
