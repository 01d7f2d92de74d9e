import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import { onAbort } from '../../core/abort.js';
import { asError } from '../../core/errors.js';
import { admitRequest } from '../../core/request-meter.js';

/** The length of an answer comes before it. */
const PREFIX_BYTES = 2;

/** Asks a DNS server over TCP, each question over a connection of its own, which does not hold the process open. */
export class DnsClient {
  readonly #server: RegistryEndpoint;
  readonly #sockets = new Set<Socket>();

  constructor(server: RegistryEndpoint) {
    this.#server = server;
  }

  /**
   * Resolves to the bytes of the answer, 65,535 at most. Rejects with the error of the socket, or with the signal's
   * reason.
   */
  async ask(query: Buffer, signal: AbortSignal): Promise<Buffer> {
    await admitRequest(signal);
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const socket = connect({ ...this.#server, noDelay: true }).unref();
      this.#sockets.add(socket);
      const removeListener = onAbort(signal, () => {
        socket.destroy(asError(signal.reason));
      });
      const answer = new AnswerBytes();
      socket.on('data', (chunk: Buffer) => {
        const bytes = answer.add(chunk);
        if (bytes === undefined) return;
        resolve(bytes);
        socket.destroy();
      });
      socket.on('error', reject);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        removeListener();
        reject(new Error('the connection ended before the answer was complete'));
      });
      socket.write(query);
    });
  }

  /** Ends the questions under way. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

class AnswerBytes {
  readonly #chunks: Buffer[] = [];
  #received = 0;
  /** How many bytes there will be; undefined until the prefix is there. */
  #whole: number | undefined;

  /** Undefined until the answer is complete. */
  add(chunk: Buffer): Buffer | undefined {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    if (this.#received < PREFIX_BYTES) return undefined;
    this.#whole ??= PREFIX_BYTES + Buffer.concat(this.#chunks).readUInt16BE(0);
    if (this.#received < this.#whole) return undefined;
    return Buffer.concat(this.#chunks).subarray(PREFIX_BYTES, this.#whole);
  }
}
