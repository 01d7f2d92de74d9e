import type { OwnOptions } from '../experiment/experiment.js';

/** `--only`: the set-ups on one kind of server. */
export const companyOptions: OwnOptions = { only: ['http', 'fastify', 'nest', 'sse', 'socket.io'] };
