import { asError } from '../core/errors.js';
import type { HealthEndpoint } from '../health/endpoint.js';

export interface HealthServerPlan {
  readonly endpoint: HealthEndpoint;
  readonly port: number;
  /** Told what keeps it from answering: the service itself is as well as before. */
  readonly onProblem: (message: string) => void;
}

export interface HealthServer {
  /** Ends at once: nobody waits for the answer of a server that is going. */
  close(): Promise<void>;
}

/** The health paths on a port of their own, on every address. Never holds the process open. Resolves when it listens or cannot; never rejects. */
export async function openHealthServer({ endpoint, port, onProblem }: HealthServerPlan): Promise<HealthServer> {
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    if (endpoint.handles(request.url ?? '')) endpoint.answer(request, response);
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
        // An error says that it never listened: that is closed enough.
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
