import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import type { AnswerCap } from './answer-cap.js';
import { AnswerTooLongError } from './answer-cap.js';

/** The longest beginning of an answer that is kept as text: enough for any message. */
export const LONGEST_TEXT_BYTES = 64 * 1024;

const EMPTY = Buffer.alloc(0);

/** A server that announces its answer more often than this never sends one. */
const MOST_INTERIM_ANSWERS = 32;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The first 64 KiB, for messages. */
  readonly text: string;
  /** All of it; of an endless answer, only its beginning. */
  readonly body: Buffer;
}

/** Ends an answer before the server does. */
export interface AnswerLimit {
  readonly cap: AnswerCap;
  /** Called with each chunk; true ends an endless answer, which then counts as complete. */
  readonly isEnough?: ((chunk: Buffer) => boolean) | undefined;
}

/** The part of `node:http` and `node:https` in use; the caller passes the one it has loaded. */
export interface HttpModule {
  request(options: RequestOptions): ClientRequest;
}

/**
 * Sends one request, without retry or decoding. Resolves to the complete answer, whatever its status. Rejects with the
 * network's error, also when the connection ends without a complete answer, at once when `cancellation` ends the
 * request, and with `AnswerTooLongError`.
 */
export function sendOnce(
  module: HttpModule,
  options: RequestOptions,
  body: Buffer | undefined,
  cancellation: Cancellation,
  { cap, isEnough }: AnswerLimit,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = module.request(options);
    cancellation.aim(request, reject);
    request.on('error', reject);
    watchForNoAnswer(request, reject);
    request.on('response', (response: IncomingMessage) => {
      const { statusCode: status = 0, headers } = response;
      response.on('error', reject);
      // Fast path for the answer to a heartbeat, which has no body.
      if (headers['content-length'] === '0') {
        response.resume();
        resolve({ status, headers, text: '', body: EMPTY });
        return;
      }
      const chunks: Buffer[] = [];
      let received = 0;
      const settle = () => {
        const whole = Buffer.concat(chunks);
        resolve({ status, headers, text: textOf(whole), body: whole });
      };
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > cap.bytes) {
          chunks.length = 0;
          reject(new AnswerTooLongError(cap));
          request.destroy();
          return;
        }
        // Of an endless answer, `isEnough` has what it needs.
        if (isEnough === undefined || received <= LONGEST_TEXT_BYTES) chunks.push(chunk);
        if (isEnough?.(chunk) !== true) return;
        settle();
        request.destroy();
      });
      response.on('end', settle);
    });
    request.end(body);
  });
}

/**
 * Calls `onNone` when the connection ends without a complete answer, and after too many interim ones. Node reports only
 * 'close' for an answer that switches protocols.
 */
export function watchForNoAnswer(request: ClientRequest, onNone: (error: Error) => void): void {
  let interim = 0;
  request.on('information', () => {
    interim += 1;
    if (interim > MOST_INTERIM_ANSWERS) request.destroy(new Error('it sends interim answers without end'));
  });
  request.on('close', () => {
    const { res: response } = request as { readonly res?: IncomingMessage | null };
    if (response?.statusCode === 101) onNone(new Error('it answered 101 Switching Protocols, which was not requested'));
    // The end of a complete answer may not have been read yet.
    else if (response?.complete !== true) onNone(new Error('the connection ended without a complete answer'));
  });
}

/** The beginning of an answer, for messages. */
export function textOf(body: Buffer): string {
  return body.toString('utf8', 0, LONGEST_TEXT_BYTES);
}

/** Ends one request. Is an event listener itself, so that an `AbortSignal` needs no closure per call. */
export class Cancellation {
  #request: ClientRequest | undefined;
  #reject: ((error: Error) => void) | undefined;

  aim(request: ClientRequest, reject: (error: Error) => void): void {
    this.#request = request;
    this.#reject = reject;
  }

  handleEvent(): void {
    this.#request?.destroy();
    // Node tells nothing of a request that still waits for a connection, or that has lost its own.
    this.#reject?.(new Error('the request was cancelled'));
  }
}
