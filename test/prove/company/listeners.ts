import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTerminus } from '@godaddy/terminus';
import closeWithGrace from 'close-with-grace';
import { createHttpTerminator } from 'http-terminator';
import type { Company } from './set-ups.js';

/** What the other code does with the server of the service; `leave` takes the instance out of the registry. */
type Listener = (server: Server, leave: () => Promise<void>) => void;

/** A listener of its own, as its guide shows it. Nest's is a method of the app. */
const listeners: Readonly<Record<Exclude<Company, 'none' | 'nest-hooks'>, Listener>> = {
  'close-with-grace': (server) => {
    closeWithGrace({ delay: 500, logger: false }, () => new Promise<void>((resolve) => server.close(() => resolve())));
  },
  opentelemetry: () => {
    // As long as a flush to a collector on the same host.
    process.on('SIGTERM', () => void sleep(20).finally(() => process.exit(0)));
  },
  'express-guide': (server) => {
    process.on('SIGTERM', () => server.close(() => process.exit(0)));
  },
  'no-exit': () => {
    process.on('SIGTERM', () => undefined);
    // As a pool of connections does.
    setInterval(() => undefined, 1_000);
  },
  terminus: (server, leave) => {
    createTerminus(server, { signals: ['SIGTERM'], healthChecks: {}, timeout: 10_000, beforeShutdown: leave });
  },
  'http-terminator': (server, leave) => {
    const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: 10_000 });
    process.on('SIGTERM', () => {
      void leave()
        .then(() => terminator.terminate())
        .then(() => process.exit(0));
    });
  },
};

export function addListener(company: Company, server: Server, leave: () => Promise<void>): void {
  if (company !== 'none' && company !== 'nest-hooks') listeners[company](server, leave);
}
