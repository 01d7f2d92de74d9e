import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, ListenOptions } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isIpv6Only } from '../../../src/instance/ipv6-only.js';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function listening(options: ListenOptions) {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  open.push(() => server.close());
  server.listen({ port: 0, ...options });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

const never = new AbortController().signal;

/** Other systems cannot tell. */
const isLinux = process.platform === 'linux';

describe('a server on ::', () => {
  it('takes IPv6 alone where it was told so', async () => {
    const { port } = await listening({ host: '::', ipv6Only: true });
    expect(await isIpv6Only(port, never)).toBe(isLinux);
    expect(await isIpv6Only(port, never), 'the port is free again').toBe(isLinux);
  });

  it('takes both otherwise, and sees no connection for it', async () => {
    const { port, connections } = await listening({ host: '::' });
    expect(await isIpv6Only(port, never)).toBe(false);
    expect(connections()).toBe(0);
  });
});

it('is not said of a port that another server has on IPv4, nor where the system cannot tell', async () => {
  const { port } = await listening({ host: '0.0.0.0' });
  expect(await isIpv6Only(port, never)).toBe(false);
  const free = await listening({ host: '::1' });
  expect(await isIpv6Only(free.port, never, 'darwin')).toBe(false);
});

it('ends with the signal', async () => {
  const { port } = await listening({ host: '::' });
  await expect(isIpv6Only(port, AbortSignal.abort(new Error('stopping')), 'linux')).rejects.toThrow('stopping');
});
