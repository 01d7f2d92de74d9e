import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';

/** Far above the size of any answer about one service, and far below what would harm the host. */
export const LONGEST_ANSWER_BYTES = 32 * 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The most bytes of an answer, and the option that sets it, for the message. */
export interface AnswerCap {
  readonly bytes: number;
  readonly option?: string;
}

/** Ends an answer before the server does. */
export interface AnswerLimit {
  /** @default 32 MiB, which no option sets */
  readonly cap?: AnswerCap | undefined;
  /** Called with each chunk; true ends an endless answer, which then counts as complete. */
  readonly isEnough?: ((chunk: Buffer) => boolean) | undefined;
}

/** The answer is longer than its cap. */
export class AnswerTooLongError extends Error {
  readonly code = 'ERR_ANSWER_TOO_LONG';

  constructor({ bytes, option }: AnswerCap) {
    const source = option === undefined ? '' : `, the most that ${option} allows`;
    super(`the answer is longer than ${String(bytes)} bytes${source}`);
    this.name = new.target.name;
  }
}

/** The part of `node:http` and `node:https` in use; the caller passes the one it has loaded. */
export interface HttpModule {
  request(options: RequestOptions): ClientRequest;
}

/**
 * Sends one request, without retry or decoding. Resolves to the complete answer, whatever its status. Rejects with the
 * network's error, also when the answer breaks off or `cancellation` ends the request, and with `AnswerTooLongError`.
 */
export function sendOnce(
  module: HttpModule,
  options: RequestOptions,
  body: Buffer | undefined,
  cancellation: Cancellation,
  { cap = { bytes: LONGEST_ANSWER_BYTES }, isEnough }: AnswerLimit = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = module.request(options);
    cancellation.aim(request);
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const { statusCode: status = 0, headers } = response;
      response.on('error', reject);
      // Fast path for the answer to a heartbeat, which has no body.
      if (headers['content-length'] === '0') {
        response.resume();
        resolve({ status, headers, text: '' });
        return;
      }
      const chunks: Buffer[] = [];
      let received = 0;
      const settle = () => {
        resolve({ status, headers, text: Buffer.concat(chunks).toString() });
      };
      response.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > cap.bytes) {
          chunks.length = 0;
          response.destroy(new AnswerTooLongError(cap));
          return;
        }
        chunks.push(chunk);
        if (isEnough?.(chunk) !== true) return;
        settle();
        request.destroy();
      });
      response.on('end', settle);
    });
    request.end(body);
  });
}

/** Ends one request. Is an event listener itself, so that an `AbortSignal` needs no closure per call. */
export class Cancellation {
  #request: ClientRequest | undefined;

  aim(request: ClientRequest): void {
    this.#request = request;
  }

  handleEvent(): void {
    this.#request?.destroy();
  }
}
