/** What real servers say when they refuse, and where it was not meant. */
export const errorWords: readonly { readonly status: number; readonly text: string }[] = [
  ...consulWords(),
  ...etcdWords(),
  { status: 502, text: '<html><h1>502 Bad Gateway</h1></html>' },
  { status: 504, text: 'upstream request timeout' },
];

function consulWords() {
  return [
    { status: 500, text: 'CheckID "service:x:ttl" does not have associated TTL' },
    { status: 404, text: 'Unknown check ID "x". Ensure that the check ID is passed, not the check name.' },
    { status: 404, text: 'unknown service ID: x' },
    { status: 500, text: 'Unknown check "x"' },
    { status: 403, text: 'Permission denied' },
    { status: 403, text: 'ACL not found' },
    { status: 500, text: 'rpc error making call: Permission denied' },
    { status: 500, text: 'No cluster leader' },
    { status: 500, text: 'rpc error making call: EOF' },
    { status: 400, text: 'Request decode failed: json: unknown field "X"' },
    { status: 400, text: 'Invalid service address' },
    { status: 429, text: 'Your IP is issuing too many concurrent connections, please rate limit your calls' },
    { status: 400, text: 'Client sent an HTTP request to an HTTPS server.' },
  ];
}

function etcdWords() {
  const messages: readonly (readonly [number, number, string])[] = [
    [503, 14, 'etcdserver: no leader'],
    [503, 14, 'etcdserver: request timed out'],
    [404, 5, 'etcdserver: requested lease not found'],
    [429, 8, 'etcdserver: mvcc: database space exceeded'],
    [403, 7, 'etcdserver: permission denied'],
    [401, 16, 'etcdserver: invalid auth token'],
    [400, 3, 'etcdserver: user name is empty'],
    [400, 3, 'etcdserver: authentication failed, invalid user ID or password'],
    [400, 9, 'etcdserver: authentication is not enabled'],
    [400, 11, 'etcdserver: mvcc: required revision has been compacted'],
    [400, 11, 'etcdserver: mvcc: required revision is a future revision'],
    [400, 3, 'etcdserver: duplicate key given in txn request'],
    [400, 3, 'etcdserver: request is too large'],
    [429, 8, 'etcdserver: too many requests'],
    [400, 9, 'etcdserver: lease already exists'],
    [501, 12, 'Not Implemented'],
  ];
  return messages.map(([status, code, message]) => ({
    status,
    text: JSON.stringify({ error: message, message, code }),
  }));
}

/** Likewise of Redis, without the dash and the end of the line. */
export const redisWords: readonly string[] = [
  "READONLY You can't write against a read only replica.",
  "OOM command not allowed when used memory > 'maxmemory'.",
  'NOAUTH Authentication required.',
  'WRONGPASS invalid username-password pair or user is disabled.',
  "NOPERM this user has no permissions to run the 'eval' command",
  'LOADING Redis is loading the dataset in memory',
  'MISCONF Redis is configured to save RDB snapshots, but is currently not able to persist on disk.',
  'NOREPLICAS Not enough good replicas to write.',
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  'CLUSTERDOWN The cluster is down',
  'MOVED 3999 127.0.0.1:1',
  'MOVED',
  'ASK 3999 127.0.0.1:1',
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  'NOSCRIPT No matching script. Please use EVAL.',
  'WRONGTYPE Operation against a key holding the wrong kind of value',
  'EXECABORT Transaction discarded because of previous errors.',
  'ERR max number of clients reached',
  "ERR unknown command 'EVAL', with args beginning with: ",
  'ERR Unknown Redis command called from script script: f_1, on @user_script:1.',
  "ERR The user executing the script can't run this command or subcommand script: f_1, on @user_script:1.",
  'ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -READONLY You can not write. ',
  'ERR ACL failure in script: User x has no permissions to run the set command',
  'ERR Protocol error: invalid bulk length',
  'ERR syntax error',
  'IDONTKNOW No such master with that name',
  '',
  'ERR',
  '\u001b[2Jred \u202etxt',
  `ERR ${'x'.repeat(300_000)}`,
];
