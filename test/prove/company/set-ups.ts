/** What the service is built with. `socket.io` and `sse` are node:http with open streams. */
export type Serving = 'http' | 'fastify' | 'nest' | 'sse' | 'socket.io';

/** The other code in the process that listens to SIGTERM. */
export type Company =
  | 'none'
  | 'close-with-grace'
  | 'opentelemetry'
  | 'express-guide'
  | 'nest-hooks'
  | 'no-exit'
  | 'terminus'
  | 'http-terminator';

/** What ends the service. `pm2`: SIGINT, and SIGKILL after PM2's `kill_timeout`. */
export type Ending = 'SIGTERM' | 'exit' | 'throw' | 'reject' | 'pm2' | 'pm2-impatient' | 'SIGKILL';

/**
 * `lossless`: no request fails. `cuts`: the process ends its own connections, or is killed within 500 ms, so the failures
 * are only counted. Under both, the entry is gone before the process is. `killed`: SIGKILL, which nothing in the process
 * sees. `fails`: without the package, something has to go wrong.
 */
export type Claim = 'lossless' | 'cuts' | 'killed' | 'fails';

export interface SetUp {
  readonly name: string;
  readonly serving: Serving;
  readonly company: Company;
  readonly ending: Ending;
  readonly claim: Claim;
}

const titles: Readonly<Record<Company, string>> = {
  none: 'no other listener',
  'close-with-grace': 'close-with-grace, delay 500',
  opentelemetry: "OpenTelemetry's guide: exit(0) once flushed",
  'express-guide': "Express's guide: server.close()",
  'nest-hooks': 'enableShutdownHooks()',
  'no-exit': 'a listener that does not exit',
  terminus: 'terminus, by recipe',
  'http-terminator': 'http-terminator, by recipe',
};
const servers: Readonly<Record<Serving, string>> = {
  http: 'node:http',
  fastify: 'Fastify',
  nest: 'Nest',
  sse: 'event streams',
  'socket.io': 'socket.io',
};

function atSigterm(serving: Serving, company: Company, claim: Claim = 'lossless'): SetUp {
  return { name: `${servers[serving]}, ${titles[company]}`, serving, company, ending: 'SIGTERM', claim };
}

const listeners = (['http', 'fastify', 'nest'] as const).flatMap((serving) => [
  atSigterm(serving, 'none'),
  // Both exit within 500 ms, whatever is in flight.
  atSigterm(serving, 'close-with-grace', 'cuts'),
  atSigterm(serving, 'opentelemetry', 'cuts'),
  atSigterm(serving, 'express-guide'),
  atSigterm(serving, 'no-exit'),
]);

function endedBy(name: string, ending: Ending, claim: Claim): SetUp {
  return { name, serving: 'http', company: 'none', ending, claim };
}

export const KILL_TIMEOUT_MS = { pm2: 1_600, 'pm2-impatient': 100 } as const;

export const setUps: readonly SetUp[] = [
  ...listeners,
  atSigterm('nest', 'nest-hooks'),
  atSigterm('http', 'terminus'),
  atSigterm('http', 'http-terminator'),
  atSigterm('sse', 'none'),
  atSigterm('socket.io', 'none'),
  endedBy('process.exit()', 'exit', 'cuts'),
  endedBy('an uncaught exception', 'throw', 'cuts'),
  endedBy('an unhandled rejection', 'reject', 'cuts'),
  endedBy(`PM2, kill_timeout ${KILL_TIMEOUT_MS.pm2}`, 'pm2', 'lossless'),
  endedBy(`PM2, kill_timeout ${KILL_TIMEOUT_MS['pm2-impatient']}`, 'pm2-impatient', 'killed'),
  endedBy('SIGKILL', 'SIGKILL', 'killed'),
];

/**
 * Services that register and deregister by themselves, in the usual way. One that exits at once is not among them: its
 * last request may be faster than its end.
 */
export const controls: readonly SetUp[] = (['none', 'express-guide'] as const).map((company) => ({
  ...atSigterm('http', company, 'fails'),
  name: `without the package, ${titles[company]}`,
}));

/** How the service in its own process is to run. */
export interface ServicePlan extends Pick<SetUp, 'serving' | 'company'> {
  /** Of the Consul agent. */
  readonly url: string;
  readonly name: string;
  readonly id: string;
  readonly way: 'rollcall' | 'by itself';
}

/** What it is told over IPC: to end itself in this way. */
export interface ToService {
  readonly end: Extract<Ending, 'exit' | 'throw' | 'reject'>;
}
