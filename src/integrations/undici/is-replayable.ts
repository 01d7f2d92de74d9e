/** Whether the body can be sent again after it was sent: not a stream, an iterator or the like. */
export function isReplayable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true;
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) return true;
  return body instanceof Blob || body instanceof FormData || body instanceof URLSearchParams;
}
