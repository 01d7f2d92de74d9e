import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';

/** Far above what a registry has to say about one service, far below what would hurt the host. */
export const LONGEST_ANSWER_BYTES = 32 * 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Of `node:http` or `node:https`, whichever the caller has loaded. */
export interface HttpModule {
  request(options: RequestOptions): ClientRequest;
}

/**
 * One request with nothing around it: no retry, no decoding, one abort, one size cap. Resolves to a whole answer of any status.
 * Rejects with what `cancellation` gave, or with the network's error, also when the answer broke off in its middle. An answer that goes on for ever
 * is cut once `isEnough` says so of what has come.
 */
export function sendOnce(
  module: HttpModule,
  options: RequestOptions,
  body: Buffer | undefined,
  cancellation: Cancellation,
  isEnough?: (text: string) => boolean,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = module.request(options);
    cancellation.aim(request);
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const { statusCode: status = 0, headers } = response;
      response.on('error', reject);
      // The answer to a heartbeat: there is nothing to wait for.
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
        chunks.push(chunk);
        received += chunk.length;
        if (received > LONGEST_ANSWER_BYTES)
          response.destroy(new Error(`the answer is longer than ${String(LONGEST_ANSWER_BYTES)} bytes`));
        if (isEnough?.(Buffer.concat(chunks).toString()) !== true) return;
        settle();
        request.destroy();
      });
      response.on('end', settle);
    });
    request.end(body);
  });
}

/** Ends one request; an `AbortSignal` can have it as its listener without a function made for each call. */
export class Cancellation {
  #request: ClientRequest | undefined;

  aim(request: ClientRequest): void {
    this.#request = request;
  }

  handleEvent(): void {
    this.#request?.destroy();
  }
}
