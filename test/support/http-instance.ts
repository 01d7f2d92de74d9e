import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** What a request was, as it arrived. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly host: string | undefined;
  readonly body: string;
}

/** A real HTTP server on loopback, as an instance of a service. */
export interface HttpInstance {
  readonly origin: string;
  readonly port: number;
  readonly server: Server;
  /** In the order in which they were read to their end. */
  readonly requests: SeenRequest[];
  readonly sockets: ReadonlySet<Socket>;
  /** Its connections so far. */
  connections: number;
  close(): Promise<void>;
}

/** Answers with `listener`, once the request was read; with its own port by default. */
export async function startInstance(listener?: RequestListener, tls?: ServerOptions): Promise<HttpInstance> {
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const serve: RequestListener = (request, response) => {
    void bodyOf(request).then((body) => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, url, host: headers.host, body });
      if (listener !== undefined) listener(request, response);
      else response.end(String(instance.port));
    });
  };
  const server = tls === undefined ? createServer(serve) : createHttpsServer(tls, serve);
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket: Socket) => {
    instance.connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const instance: HttpInstance = {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(port)}`,
    port,
    server,
    requests,
    sockets,
    connections: 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server.close(), 'close');
    },
  };
  return instance;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  try {
    for await (const chunk of request) body += String(chunk);
  } catch {
    // It broke off.
  }
  return body;
}

/** An origin where connections are refused. */
export async function refusingOrigin(): Promise<string> {
  const { origin, close } = await startInstance();
  await close();
  return origin;
}
