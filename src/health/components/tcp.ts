import type { ReadyMade } from './ready-made.js';

/** Fine when a connection can be opened; it is closed again at once and nothing is sent. */
export function tcp(host: string, port: number): ReadyMade {
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
