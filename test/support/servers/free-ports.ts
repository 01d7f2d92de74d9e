import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the range the kernel takes the ports of outgoing connections from: a port that is free while its server is down
// must still be free when it comes back, and a client that calls a dead server must not end up connected to itself.
const LOWEST = 15_000;
const HIGHEST = 32_000;

/** Loopback ports that nothing listens on, over TCP or UDP. Random, so that parallel processes rarely meet; a server that still finds its port taken tries others. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

/**
 * Starts a server on free ports, and on others when somebody was faster. Rejects as `make` or the start does otherwise; a server
 * that did not come up has been stopped.
 */
export async function startOnFreePorts<Server extends { restart(): Promise<void>; stop(): Promise<void> }>(
  count: number,
  make: (ports: readonly number[]) => Server | Promise<Server>,
): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await make(await freePorts(count));
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.stop();
      const lostTheRace = error instanceof Error && /address already in use/i.test(error.message);
      if (!lostTheRace || attempt === 5) throw error;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket('udp4');
  try {
    tcp.listen(port, '127.0.0.1');
    await once(tcp, 'listening');
    udp.bind(port, '127.0.0.1');
    await once(udp, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    tcp.close();
    udp.close();
  }
}
