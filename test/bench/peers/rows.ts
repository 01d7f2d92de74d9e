import type { PeerName } from './contender.js';

/** What is compared. */
export type RowName =
  | 'picksPerSecond'
  | 'share503'
  | 'shareBlackHole'
  | 'failedRolling'
  | 'failedOutage'
  | 'failedEmpty'
  | 'updateBlockMs'
  | 'updateCpuMs'
  | 'registrySockets'
  | 'instanceSockets';

/** Ours may be worse than the best in this row: why, and by which factor and how much on top at most. */
export interface Excuse {
  readonly why: string;
  readonly times: number;
  readonly plus: number;
}

/** One comparison. */
export interface PeerRow {
  readonly title: string;
  readonly better: 'higher' | 'lower';
  /** Of the rounds. Failures are rare, so they are summed up. */
  readonly statistic: 'median' | 'sum';
  /** What counts as noise: a share of the best figure, and so much on top. */
  readonly margin: { readonly share: number; readonly plus: number };
  readonly excuse?: Excuse;
  /** Peers that have no figure here, and why. */
  readonly without: Partial<Record<PeerName, string>>;
}

const NO_CLIENT =
  'a middleware of the client resilient, which it does not bring; it has no picks, calls or connections of its own';
const NO_LONG_NAMES = 'the addresses of 5,000 instances are longer than a DNS message of 64 kB can be';

/** Calls that fail are the exception, so one more or less is noise. */
const failures = {
  better: 'lower',
  statistic: 'sum',
  margin: { share: 0.1, plus: 1 },
  without: { resilientConsul: NO_CLIENT },
} as const;

const shares = {
  better: 'lower',
  statistic: 'median',
  margin: { share: 0.1, plus: 0.005 },
  excuse: {
    why:
      'ours ejects after five failures and tries one call after 2.5 to 7.5 s, so that a healed instance is back soon; ' +
      'grpc-js judges all calls of a second at once, and the circuit breaker of moleculer waits for 10 s',
    times: 1,
    plus: 0.02,
  },
  without: { resilientConsul: NO_CLIENT },
} as const;

/** The whole table. */
export const peerRows: Readonly<Record<RowName, PeerRow>> = {
  picksPerSecond: {
    title: 'picks a second',
    better: 'higher',
    statistic: 'median',
    margin: { share: 0.1, plus: 0 },
    excuse: {
      why:
        'the others give the next of a list, while ours counts the call, times it, and learns from its end; ' +
        'bench -- pick holds it against the clock reads that this needs',
      times: 60,
      plus: 0,
    },
    without: { resilientConsul: NO_CLIENT },
  },
  share503: { title: 'share sent to one of 8 that answers 503', ...shares },
  shareBlackHole: { title: 'share sent to one of 8 that never answers', ...shares },
  failedRolling: { title: 'failed calls in a rolling restart', ...failures },
  failedOutage: { title: 'failed calls while the registry is away', ...failures },
  failedEmpty: { title: 'failed calls when it is back without data', ...failures },
  updateBlockMs: {
    title: 'an update at 5,000: longest block of the loop, ms',
    better: 'lower',
    statistic: 'median',
    margin: { share: 0.1, plus: 2 },
    without: { grpc: NO_LONG_NAMES },
  },
  updateCpuMs: {
    title: 'an update at 5,000: CPU of all threads, ms',
    better: 'lower',
    statistic: 'median',
    margin: { share: 0.25, plus: 10 },
    excuse: {
      why:
        'ours parses in a worker thread, compares each instance with the last answer and passes on what differs, so that the ' +
        'loop stays free and unchanged instances stay the same objects; it reads such an answer a tenth of the time at most',
      times: 6,
      plus: 0,
    },
    without: { grpc: NO_LONG_NAMES },
  },
  registrySockets: {
    title: 'connections to the registry',
    better: 'lower',
    statistic: 'median',
    margin: { share: 0, plus: 0 },
    excuse: {
      why:
        'ours has the long poll, the look for a leader and the reads beside it, all services of a process together eight at ' +
        'most; grpc-js sends DNS queries by UDP, and the others notice no lost leader',
      times: 0,
      plus: 8,
    },
    without: { resilientConsul: NO_CLIENT },
  },
  instanceSockets: {
    title: 'connections to 8 instances',
    better: 'lower',
    statistic: 'median',
    margin: { share: 0, plus: 2 },
    excuse: {
      why:
        'HTTP/1.1 has one request on a connection at a time, where gRPC has many; and in a burst one of two random instances ' +
        'gets more calls at once than by turns',
      times: 4,
      plus: 0,
    },
    without: { resilientConsul: NO_CLIENT },
  },
};

export const rowNames = Object.keys(peerRows) as readonly RowName[];
