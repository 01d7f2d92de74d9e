/** What etcd said, whatever the status: only the verb knows what a status means to it. */
export interface Answer {
  readonly status: number;
  /** Undefined: it was no JSON. */
  readonly body: unknown;
  readonly text: string;
}

/** The words and the gRPC code of a refusal. 3.4 says `{error, message, code}`, 3.5 `{code, message}`, a stream nests that in `error`. */
export function faultOf({ body }: Answer): { readonly code: number | undefined; readonly message: string } {
  const outer = (body ?? {}) as { error?: unknown };
  const { code, grpc_code, message } = (
    typeof outer.error === 'object' && outer.error !== null ? outer.error : outer
  ) as { code?: unknown; grpc_code?: unknown; message?: unknown };
  const number = grpc_code ?? code;
  return { code: typeof number === 'number' ? number : undefined, message: typeof message === 'string' ? message : '' };
}

/** A stream may say 200 and then what went wrong. */
export function isGood({ status, body }: Answer): boolean {
  return status === 200 && typeof body === 'object' && body !== null && !('error' in body);
}

const NOT_FOUND = 5;

/** There is no such lease, or no more. */
export function meansNoLease(answer: Answer): boolean {
  const { code, message } = faultOf(answer);
  return code === NOT_FOUND && /lease not found/i.test(message);
}

/** Whoever has a name and a password should show them, again if need be: no token, one that has run out, or one from before a change of rights. */
export function asksForToken(answer: Answer): boolean {
  return (
    answer.status === 401 ||
    /user name is empty|invalid auth token|revision of auth store is old|auth: revision in header is old/i.test(
      faultOf(answer).message,
    )
  );
}

/** Nobody needs a token there. */
export function needsNoToken(answer: Answer): boolean {
  return /authentication is not enabled/i.test(faultOf(answer).message);
}
