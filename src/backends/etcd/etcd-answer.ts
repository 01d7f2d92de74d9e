/** One response of etcd, of any status: what a status means depends on the operation. */
export interface Answer {
  readonly status: number;
  /** Undefined if the text is not JSON. */
  readonly body: unknown;
  readonly text: string;
  /** The response of a list, which is not parsed yet. */
  readonly list?: Buffer;
}

/**
 * The message and gRPC code of an error response. 3.4 answers `{error, message, code}`, 3.5 `{code, message}`; a
 * stream nests that in `error`.
 */
export function faultOf({ body }: Answer): { readonly code: number | undefined; readonly message: string } {
  const outer = (body ?? {}) as { error?: unknown };
  const { code, grpc_code, message } = (
    typeof outer.error === 'object' && outer.error !== null ? outer.error : outer
  ) as { code?: unknown; grpc_code?: unknown; message?: unknown };
  const number = grpc_code ?? code;
  return { code: typeof number === 'number' ? number : undefined, message: typeof message === 'string' ? message : '' };
}

/** True for a success. A stream may answer 200 and still carry an error. */
export function isGood({ status, body }: Answer): boolean {
  return status === 200 && typeof body === 'object' && body !== null && !('error' in body);
}
