import { asError } from '../core/errors.js';
import type { HealthEndpoint } from '../health/endpoint.js';

export interface HealthServerPlan {
  readonly endpoint: HealthEndpoint;
  readonly port: number;
  /** Called with the problem that keeps the health port from answering; the service itself is not affected. */
  readonly onProblem: (message: string) => void;
}

export interface HealthServer {
  /** Closes at once, cutting off requests. */
  close(): Promise<void>;
}

/**
 * Serves the health paths on their own port, on every address. Never keeps the process alive. Resolves when it
 * listens or cannot listen; never rejects.
 */
export async function openHealthServer({ endpoint, port, onProblem }: HealthServerPlan): Promise<HealthServer> {
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    if (endpoint.isHealthPath(request.url ?? '')) endpoint.answer(request, response);
    else response.writeHead(404, { 'Content-Length': 0 }).end();
  });
  server.unref();
  server.on('connection', (socket) => socket.unref());
  await new Promise<void>((resolve) => {
    server.on('error', (error) => {
      onProblem(`health.port: nothing is answered on port ${String(port)}: ${asError(error).message}`);
      resolve();
    });
    server.listen(port, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        // An error means that it never listened, so it is closed.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
