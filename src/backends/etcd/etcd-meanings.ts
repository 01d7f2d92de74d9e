import { faultOf } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';

/**
 * `transient`: the same request can succeed later. `denied`: only other credentials or rights help. `malformed`: etcd
 * refuses the data themselves, which `advice` names.
 */
export type RefusalKind = 'transient' | 'denied' | 'malformed';

export type MeaningName =
  | 'no lease'
  | 'no user'
  | 'stale token'
  | 'no authentication'
  | 'wrong password'
  | 'no right'
  | 'no space'
  | 'too large'
  | 'TTL too long'
  | 'compacted'
  | 'learner'
  | 'unknown token'
  | 'no gateway';

export interface Meaning {
  readonly name: MeaningName | 'unknown';
  readonly kind: RefusalKind;
  /** The next step, for people. */
  readonly advice: string;
}

/** How to recognize a refusal: by its words, its gRPC code, or the status of something in front of etcd. */
interface Row extends Meaning {
  readonly words?: RegExp;
  readonly code?: number;
  readonly status?: number;
}

const USER = 'Set etcd({ username, password }), or ETCDCTL_USER and ETCDCTL_PASSWORD, to a user that etcd knows';
const RIGHTS = 'Grant the user readwrite on the prefixes `/rollcall/<name>/` and `<name>/`, or those of your layout';
const SHORTEN = 'Shorten `tags` and `meta`, or raise --max-request-bytes on etcd';
const GATEWAY = "Set etcd({ endpoints }) or ETCDCTL_ENDPOINTS to etcd's client port, with its JSON gateway enabled";

/** What etcd's words mean. The first row that matches counts. The words are those of every release since 3.4. */
export const meanings: readonly Row[] = [
  {
    name: 'no lease',
    words: /requested lease not found/i,
    kind: 'transient',
    advice: 'The lease has ended: the entry is registered again',
  },
  { name: 'no user', words: /user name is empty/i, kind: 'denied', advice: USER },
  {
    name: 'stale token',
    words: /invalid auth token|revision of auth store is old|revision in header is old/i,
    kind: 'denied',
    advice: USER,
  },
  {
    name: 'no authentication',
    words: /authentication is not enabled/i,
    kind: 'transient',
    advice: 'etcd needs no user: leave username and password out, or enable authentication',
  },
  { name: 'wrong password', words: /authentication failed/i, kind: 'denied', advice: USER },
  { name: 'no right', words: /permission denied/i, kind: 'denied', advice: RIGHTS },
  {
    name: 'no space',
    words: /database space exceeded/i,
    kind: 'transient',
    advice:
      'etcd is out of space and takes no write: compact and defragment it and disarm its alarm ' +
      '(`etcdctl alarm disarm`), or raise --quota-backend-bytes',
  },
  {
    name: 'too large',
    words: /request is too large|message larger than max/i,
    kind: 'malformed',
    advice: SHORTEN,
  },
  { name: 'TTL too long', words: /too large lease TTL/i, kind: 'malformed', advice: 'Shorten `ttl`' },
  {
    name: 'compacted',
    words: /required revision has been compacted/i,
    kind: 'transient',
    advice: 'The next request asks for a newer revision',
  },
  {
    name: 'learner',
    words: /not supported for learner/i,
    kind: 'transient',
    advice: 'Only members that vote serve this: leave learners out of etcd({ endpoints }) and ETCDCTL_ENDPOINTS',
  },
  { name: 'no right', code: 7, kind: 'denied', advice: RIGHTS },
  { name: 'unknown token', code: 16, kind: 'denied', advice: USER },
  { name: 'unknown token', status: 401, kind: 'denied', advice: USER },
  { name: 'no right', status: 403, kind: 'denied', advice: RIGHTS },
  { name: 'too large', status: 413, kind: 'malformed', advice: SHORTEN },
];

const unknown: Meaning = { name: 'unknown', kind: 'transient', advice: 'If this lasts, check the cluster' };
const noGateway: Meaning = { name: 'no gateway', kind: 'transient', advice: GATEWAY };

/** What a refusal means. One that no row describes is transient: it blames the server and not our data. */
export function meaningOf(answer: Answer): Meaning {
  const { code, message } = faultOf(answer);
  const found = meanings.find(
    (row) => row.words?.test(message) ?? (row.code === undefined ? row.status === answer.status : row.code === code),
  );
  // The gateway itself answers 404 with a code.
  return found ?? (answer.status === 404 && code === undefined ? noGateway : unknown);
}

/** True for a refusal of this name. A success has no meaning. */
export function means(answer: Answer, ...names: readonly MeaningName[]): boolean {
  const { name } = meaningOf(answer);
  return names.some((each) => each === name);
}
