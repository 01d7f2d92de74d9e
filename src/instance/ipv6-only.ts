import { connect, createServer } from 'node:net';
import { abortable } from '../core/abort.js';

/** A firewall may drop packets of loopback too. */
const CONNECTS_WITHIN_MS = 1_000;

/**
 * Whether a server that listens on `::` takes no IPv4 connections, as `ipv6Only` or the system's default may say; Node
 * tells neither. Only if the port is free on IPv4 is the server tried by a connection, so that most servers never see
 * one. False where it cannot be told; rejects with the signal's reason.
 */
export async function isIpv6Only(
  port: number,
  signal: AbortSignal,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  // Other systems let another server have the port on IPv4 even beside one that takes both.
  if (platform !== 'linux') return false;
  return (await abortable(isFreeOnIpv4(port), signal)) && (await abortable(isRefusedOnIpv4(port, signal), signal));
}

function isFreeOnIpv4(port: number): Promise<boolean> {
  const server = createServer((socket) => socket.destroy()).unref();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    // `exclusive`: a worker of node:cluster would share the port.
    server.listen({ host: '0.0.0.0', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function isRefusedOnIpv4(port: number, signal: AbortSignal): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port, signal }).unref();
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.setTimeout(CONNECTS_WITHIN_MS, () => socket.destroy(new Error('no answer')));
    socket.once('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'));
  });
}
