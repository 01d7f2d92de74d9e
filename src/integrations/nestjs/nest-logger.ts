import { Logger as NestLogger } from '@nestjs/common';
import type { Logger } from '../../contracts/logger.js';

/** Writes the messages to the app's logger, which takes no fields. */
export function nestLogger(): Logger {
  const logger = new NestLogger('rollcall');
  return {
    debug: (_fields, message) => logger.debug(message),
    info: (_fields, message) => logger.log(message),
    warn: (_fields, message) => logger.warn(message),
    error: (_fields, message) => logger.error(message),
  };
}
