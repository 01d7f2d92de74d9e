import { Agent, request } from 'node:http';

/** An answer as it came; `json()` parses the body as what the caller knows it to be. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  json<T>(): T;
}

export interface RawConsul {
  get(path: string): Promise<RawAnswer>;
  put(path: string, body?: unknown): Promise<RawAnswer>;
  delete(path: string): Promise<RawAnswer>;
  close(): void;
}

/** Consul's HTTP API without any of our own code between: what a test believes. Rejects after `timeoutMs` without an answer. @default 10 s */
export function rawConsul(
  url: string,
  { token, timeoutMs = 10_000 }: { token?: string | undefined; timeoutMs?: number } = {},
): RawConsul {
  const agent = new Agent({ keepAlive: true });
  const call = (method: string, path: string, body?: unknown) =>
    new Promise<RawAnswer>((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = { 'content-type': 'application/json', ...(token !== undefined && { 'x-consul-token': token }) };
      const outgoing = request(
        new URL(path, url),
        { method, agent, headers, signal: AbortSignal.timeout(timeoutMs) },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.once('error', reject);
          incoming.once('end', () => {
            const answer = Buffer.concat(chunks).toString();
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              body: answer,
              json: <T>() => JSON.parse(answer) as T,
            });
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end(text);
    });
  return {
    get: (path) => call('GET', path),
    put: (path, body) => call('PUT', path, body),
    delete: (path) => call('DELETE', path),
    close: () => {
      agent.destroy();
    },
  };
}
