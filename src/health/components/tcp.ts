import { isHost, isPositive16Bit } from '../../config/field-rules.js';
import { ConfigError } from '../../core/errors.js';
import type { ReadyMade } from './ready-made.js';

/**
 * Passes when a connection can be opened; it closes at once and sends nothing. Throws `ConfigError` for a bad host or
 * port.
 */
export function tcp(host: string, port: number): ReadyMade {
  if (typeof host !== 'string' || !isHost(host) || !isPositive16Bit(port)) {
    throw new ConfigError([
      { field: 'tcp', value: `${host} ${String(port)}`, allowed: 'a host name or an IP without brackets, and a port' },
    ]);
  }
  return {
    async run(signal) {
      const { connect } = await import('node:net');
      await new Promise<void>((resolve, reject) => {
        const socket = connect({ host, port, signal });
        socket.unref();
        socket.on('error', reject);
        socket.on('connect', () => {
          socket.destroy();
          resolve();
        });
      });
    },
  };
}
