import type { Logger } from './logger.js';

type Level = keyof Logger;
type Line = readonly [level: Level, fields: object, message: string];

/**
 * A pino logger named `rollcall`, of level `info`, that is loaded at its first line. Lines written before it is there keep their
 * order. Never throws: without pino the lines are dropped.
 */
export function lazyLogger(load: () => Promise<Logger> = loadPino): Logger {
  let loaded: Logger | undefined;
  let waiting: Line[] | undefined;

  let write = (...line: Line): void => {
    if (loaded !== undefined) {
      writeTo(loaded, line);
    } else if (waiting !== undefined) {
      waiting.push(line);
    } else {
      waiting = [line];
      load().then(
        (logger) => {
          loaded = logger;
          for (const early of waiting ?? []) writeTo(logger, early);
          waiting = undefined;
        },
        () => {
          write = ignore;
          waiting = undefined;
        },
      );
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
  const logger: Logger = pino({ name: 'rollcall' });
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
