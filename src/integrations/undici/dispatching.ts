/**
 * What undici 7 and 8 have in common, as far as it is used here. Nothing of undici is imported, for its types too: the
 * user's copy is the only one.
 */
export type Dispatch = (options: DispatchOptions, handler: Handler) => boolean;

export interface DispatchOptions {
  readonly origin?: unknown;
  readonly method?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly upgrade?: unknown;
  readonly idempotent?: unknown;
  readonly servername?: unknown;
  /** Where the caller's function takes one; `fetch` aborts by the controller. */
  readonly signal?: unknown;
}

/** Of one request on a connection. */
export interface Controller {
  readonly aborted?: boolean;
  abort(reason: Error): void;
}

/** Hears how a request goes on. */
export interface Handler {
  /** The request is about to be written. */
  onRequestStart?(controller: Controller, context: unknown): void;
  onRequestUpgrade?(controller: Controller, status: number, headers: unknown, socket: unknown): void;
  onBodySent?(chunk: unknown): void;
  onRequestSent?(): void;
  onResponseStarted?(): void;
  onResponseStart?(controller: Controller, status: number, headers: unknown, message?: string): void;
  onResponseData?(controller: Controller, chunk: Uint8Array): void;
  onResponseEnd?(controller: Controller, trailers: unknown): void;
  onResponseError?(controller: Controller | null, error: unknown): void;
}
