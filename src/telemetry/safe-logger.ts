import type { Logger } from '../contracts/logger.js';
import { presented } from '../core/presented.js';
import { presentable } from '../core/printable.js';

/** A logger that gets no secret and no control characters, whatever a line quotes. */
export function safeLogger(logger: Logger): Logger {
  const at = (level: keyof Logger) => (fields: object, message: string) => {
    logger[level](presented(fields), presentable(message));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
