/** A health answer, ready to be written. */
export interface HealthResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Buffer;
}

/** All health answers there are. Prepared once: a probe must cost nothing, also on a server that is short of memory. */
export const healthResponses = {
  pass: healthJson(200, { status: 'pass' }),
  notReady: healthJson(503, { status: 'fail', output: 'not ready yet' }),
  draining: healthJson(503, { status: 'fail', output: 'draining' }),
  methodNotAllowed: { status: 405, headers: { Allow: 'GET, HEAD', 'Cache-Control': 'no-store', 'Content-Length': 0 }, body: Buffer.alloc(0) },
} satisfies Record<string, HealthResponse>;

function healthJson(status: number, content: { status: 'pass' | 'fail'; output?: string }): HealthResponse {
  const body = Buffer.from(JSON.stringify(content));
  const headers = { 'Content-Type': 'application/health+json', 'Cache-Control': 'no-store', 'Content-Length': body.length };
  return { status, headers, body };
}
