import type { Logger } from '../contracts/logger.js';

type Line = readonly [level: keyof Logger, fields: object, message: string];

const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * A pino logger named `rollcall`, of level `info`, that is loaded at its first line. Lines written before it is there keep their
 * order; later ones are written at once. Never throws: where pino cannot be loaded the lines are dropped.
 */
export function lazyLogger(load: () => Promise<Logger> = loadPino): Logger {
  const early: Line[] = [];
  let loaded: Logger | undefined;

  const write = (...line: Line): void => {
    if (loaded !== undefined) {
      writeTo(loaded, line);
    } else if (early.push(line) === 1) {
      void load()
        .catch(() => silent)
        .then((logger) => {
          loaded = logger;
          for (const each of early.splice(0)) writeTo(logger, each);
        });
    }
  };
  return {
    // Below the level: not worth loading anything for.
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
  // Named for its type: pino's own says that any name, `then` among them, may be a level's method.
  // Synchronous: the lines of a stop are out when the process ends, and pino needs no listener for its exit.
  const logger: Logger = pino({ name: 'rollcall' }, pino.destination({ dest: 1, sync: true }));
  return logger;
}

function writeTo(logger: Logger, [level, fields, message]: Line): void {
  try {
    logger[level](fields, message);
  } catch {
    // A logger that throws has nowhere left to say so.
  }
}

function ignore(): void {
  // Silence.
}
