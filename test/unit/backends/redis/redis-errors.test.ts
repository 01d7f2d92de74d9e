import { describe, expect, it } from 'vitest';
import {
  isDenial,
  isFull,
  isRefusal,
  keepsConnection,
  presentable,
  tlsHint,
  translated,
} from '../../../../src/backends/redis/redis-errors.js';
import { StoppedError } from '../../../../src/core/errors.js';

const request = {
  operation: 'renew',
  keys: 'rollcall:{orders}:orders-1 or rollcall:{orders}',
  answer: 'look',
} as const;
const translate = (error: Error) => translated(error, request, 'redis://10.0.0.1:6379');
const codes = {
  transient: 'ROLLCALL_REGISTRY_UNAVAILABLE',
  denied: 'ROLLCALL_REGISTRY_DENIED',
  malformed: 'ROLLCALL_REGISTRY_REJECTED',
} as const;

/** How Redis 6.0.16 words an error inside a script, how 7.0.15 does, and how Valkey 9.1.2 does. */
const six = (words: string) => `ERR Error running script (call to f_${'ca57e959'.repeat(5)}): @user_script:1: ${words}`;
const own = (words: string) => six(`@user_script: 1: ${words}`);
const seven = (words: string) => `${words} script: ${'ca57e959'.repeat(5)}, on @user_script:1.`;
const valkey = (words: string) => `${words} script: on @user_script:1.`;

const READONLY = "READONLY You can't write against a read only replica.";
const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
const MISCONF = 'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.';
const WRONGTYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
const RIGHTS = "The user executing the script can't run this command or subcommand";
const KEYS = "The user executing the script can't access at least one of the keys mentioned in the command arguments";

describe.each<[meaning: keyof typeof codes, connection: 'keep' | 'drop', next: RegExp, replies: string[]]>([
  [
    'transient',
    'drop',
    /sentinels/,
    [READONLY, own(`-${READONLY}`), seven(READONLY), valkey(READONLY), 'MASTERDOWN Link with MASTER is down'],
  ],
  ['transient', 'keep', /maxmemory, or/, [OOM, own(`-${OOM}`), seven(OOM)]],
  [
    'transient',
    'drop',
    /min-replicas/,
    ['NOREPLICAS Not enough good replicas to write.', seven('NOREPLICAS Not enough')],
  ],
  ['transient', 'keep', /its disk/, [MISCONF, own(`-${MISCONF}`), seven(MISCONF)]],
  ['transient', 'keep', /wait until/, ['LOADING Redis is loading the dataset in memory']],
  ['transient', 'keep', /SCRIPT KILL/, ['BUSY Redis is busy running a script. You can only call SCRIPT KILL.']],
  ['transient', 'drop', /its nodes/, ['CLUSTERDOWN Hash slot not served', 'TRYAGAIN Multiple keys request']],
  [
    'transient',
    'drop',
    /cluster client/,
    ['MOVED 866 10.0.0.2:6379', 'ASK 866 10.0.0.2:6379', 'CROSSSLOT Keys in request'],
  ],
  ['transient', 'drop', /maxclients/, ['ERR max number of clients reached']],
  [
    'transient',
    'keep',
    /keeps a value of its own in rollcall:\{orders\}/,
    [WRONGTYPE, six(WRONGTYPE), seven(WRONGTYPE)],
  ],
  ['transient', 'drop', /database/, ['ERR DB index is out of range', 'ERR SELECT is not allowed in cluster mode']],
  [
    'transient',
    'drop',
    /If this lasts/,
    ['ERR Protocol error: invalid bulk length', 'NEWWORD of a later version', 'ERR'],
  ],
  [
    'denied',
    'drop',
    /SSCAN and EVAL/,
    [
      'NOAUTH Authentication required.',
      'WRONGPASS invalid username-password pair or user is disabled.',
      'ERR invalid password',
      'ERR AUTH <password> called without any password configured for the default user.',
    ],
  ],
  [
    'denied',
    'keep',
    /SSCAN and EVAL/,
    [
      "NOPERM this user has no permissions to run the 'eval' command or its subcommand",
      own(RIGHTS),
      own(KEYS),
      seven(`ERR ${RIGHTS}`),
      seven(`ERR ${KEYS}`),
      seven("ERR ACL failure in script: User orders has no permissions to run the 'set' command"),
      valkey("ERR ACL failure in script: User orders has no permissions to run the 'set' command"),
    ],
  ],
  [
    'denied',
    'keep',
    /rename-command/,
    [
      "ERR unknown command 'EVAL', with args beginning with: ",
      'ERR unknown command `PEXPIRE`, with args beginning with: `k`, `5`, ',
      own('Unknown Redis command called from Lua script'),
      seven('ERR Unknown Redis command called from script'),
      valkey('ERR Unknown command called from script'),
    ],
  ],
  [
    'malformed',
    'keep',
    /`ttl`/,
    [
      six('ERR value is not an integer or out of range'),
      seven('ERR value is not an integer or out of range'),
      seven("ERR invalid expire time in 'set' command"),
    ],
  ],
])('%s, %s the connection, %s', (meaning, connection, next, replies) => {
  it.each(replies)('%s', (reply) => {
    const error = translate(new Error(reply));
    expect(error.code).toBe(codes[meaning]);
    expect(error.message).toMatch(next);
    expect(error.message).toMatch(/^Redis \(redis:\/\/10\.0\.0\.1:6379\) answered renew with: /);
    expect(error.message, 'nothing of the script').not.toMatch(/user_script|f_ca57e959/);
    expect(keepsConnection(new Error(reply))).toBe(connection === 'keep');
    expect(isRefusal(new Error(reply))).toBe(true);
    expect(isDenial(error), 'the reply behind an error of ours').toBe(meaning === 'denied');
    expect(isFull(error)).toBe(reply.includes('OOM'));
  });
});

describe('what is no reply', () => {
  it.each([
    new Error('Socket closed unexpectedly'),
    new Error('The client is closed'),
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
  ])('is silence: %s', (error) => {
    expect(translate(error).code).toBe(codes.transient);
    expect(translate(error).message).toMatch(/could not be reached/);
    expect([keepsConnection(error), isRefusal(error), isDenial(error)]).toEqual([false, false, false]);
  });

  it('says what, where and the next step', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6379'), { code: 'ECONNREFUSED' });
    expect(translate(error).message).toBe(
      'Redis (redis://10.0.0.1:6379) could not be reached for renew (ECONNREFUSED). ' +
        'Start it there, or set redis({ url }), redis({ sentinels }) or REDIS_URL to where it runs',
    );
  });

  it.each([
    ['self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT', /tls: \{ ca \}/],
    ['certificate has expired', 'CERT_HAS_EXPIRED', /renew it on the server/],
    ['does not match', 'ERR_TLS_CERT_ALTNAME_INVALID', /serverName/],
    ['ssl3_read_bytes:tlsv13 alert certificate required', 'ERR_SSL_TLSV13_ALERT', /tls: \{ cert, key \}/],
    ['ssl3_get_record:wrong version number', 'EPROTO', /TLS port/],
    ['before secure TLS connection was established', 'ECONNRESET', /If it runs, .* TLS port/],
  ])('names the option for: %s', (message, code, option) => {
    const error = Object.assign(new Error(message), { code });
    expect(translate(error).message).toMatch(option);
    expect(tlsHint(error)).toMatch(option);
  });

  it.each([
    new TypeError("Cannot read properties of undefined (reading 'x')"),
    Object.assign(new Error('Cannot find module x'), { code: 'MODULE_NOT_FOUND' }),
  ])('is no matter of the server: %s', (error) => {
    expect(translate(error).message).not.toMatch(/reached|Start it there/);
    expect(translate(error).message).toMatch(/@redis\/client/);
  });

  it('is another server', () => {
    expect(translate(new Error('Unknown RESP type 72 "H"')).message).toMatch(/^What answers renew at .* is not Redis/);
  });
});

describe('what a message shows', () => {
  it('is short, and in one line', () => {
    const { message, cause } = translate(new Error(`ERR \u001b[31m${'x'.repeat(1_000_000)}`));
    expect(message.length).toBeLessThan(1_000);
    expect(message).toContain('\\u{1b}');
    expect((cause as Error).message.length).toBeLessThan(1_000);
  });

  it('has no arguments of a command, which may be a password', () => {
    const error = translate(new Error("ERR unknown command 'AUTH', with args beginning with: 'hunter2' "));
    expect(error.message + (error.cause as Error).message).not.toContain('hunter2');
  });

  it('keeps the code of an error', () => {
    const error = Object.assign(new TypeError('line\nline'), { code: 'ECODE' });
    expect(presentable(error)).toMatchObject({ name: 'TypeError', code: 'ECODE', message: 'line\\u{a}line' });
  });
});

it('leaves errors of ours as they are', () => {
  const error = new StoppedError('closed');
  expect(translate(error)).toBe(error);
  expect(isRefusal(error)).toBe(false);
});
