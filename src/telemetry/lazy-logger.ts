import type { Logger } from '../contracts/logger.js';

type Line = readonly [level: keyof Logger, fields: object, message: string];

const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * A pino logger named `rollcall` at level `info`, loaded with its first line. Buffers lines until pino is loaded and
 * keeps their order. Never throws: if pino cannot be loaded, it drops the lines.
 */
export function lazyLogger(load: () => Promise<Logger> = loadPino): Logger {
  const buffered: Line[] = [];
  let loaded: Logger | undefined;

  const write = (...line: Line): void => {
    if (loaded !== undefined) {
      writeTo(loaded, line);
    } else if (buffered.push(line) === 1) {
      void load()
        .catch(() => silent)
        .then((logger) => {
          loaded = logger;
          for (const each of buffered.splice(0)) writeTo(logger, each);
        });
    }
  };
  return {
    // Below the level, so there is no need to load pino.
    debug: ignore,
    info: (fields, message) => {
      write('info', fields, message);
    },
    warn: (fields, message) => {
      write('warn', fields, message);
    },
    error: (fields, message) => {
      write('error', fields, message);
    },
  };
}

async function loadPino(): Promise<Logger> {
  const { pino } = await import('pino');
  // The type `Logger`, since pino's own type allows any method, even `then`, so that `await` would misjudge it.
  // Synchronous, so that the lines of a stop are written before the process ends, without an exit listener of pino's.
  const logger: Logger = pino({ name: 'rollcall' }, pino.destination({ dest: 1, sync: true }));
  return logger;
}

function writeTo(logger: Logger, [level, fields, message]: Line): void {
  try {
    logger[level](fields, message);
  } catch {
    // Ignored: the logger itself throws.
  }
}

function ignore(): void {
  // Writes nothing.
}
