import { STATUS_CODES } from 'node:http';
import { mutateBody } from './bytes.js';
import type { Dice } from './dice.js';
import { errorWords } from './error-words.js';
import type { Step } from './steps.js';
import { wrongDigits, wrongText } from './values.js';

/** What the real server would say, and what was sent to it. */
export interface Truth {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The head of the request with all its headers, and its body. */
  readonly request: string;
  readonly isStream: boolean;
}

/** An answer of a server that has lost its mind, and a word on what it is. */
export interface HostileAnswer {
  readonly what: string;
  readonly steps: readonly Step[];
}

const statuses = [
  200, 201, 204, 205, 206, 300, 301, 302, 304, 307, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 413, 414, 418,
  421, 422, 425, 426, 429, 431, 451, 500, 501, 502, 503, 504, 505, 507, 508, 511, 599, 400, 999, 600, 0,
];
const MIB = 1024 * 1024;
const bigText = Buffer.alloc(2 * MIB, 'x');
const bigList = Buffer.from(`[${'{"a":[]},'.repeat(100_000)}{}]`);

/** Spoils one thing or a few of a true answer, or says something else. */
export function hostileHttp(dice: Dice, truth: Truth): HostileAnswer {
  const kind = dice.weighted({
    body: 30,
    status: 12,
    words: 12,
    echo: 6,
    headers: 8,
    framing: 8,
    timing: 8,
    connection: 6,
    notHttp: 3,
    size: 2,
    upgrade: 2,
    more: 3,
  });
  switch (kind) {
    case 'body':
      return answered('body', truth.status, truth.headers, mutateBody(dice, truth.body));
    case 'status': {
      const status = dice.pick(statuses);
      const headers = { ...truth.headers, location: '/v1/agent/self', ...(dice.chance(0.3) && retryAfter(dice)) };
      return answered(
        `status ${status}`,
        status,
        headers,
        Buffer.from(dice.chance(0.5) ? truth.body : wrongText(dice)),
      );
    }
    case 'words': {
      const { status, text } = dice.pick(errorWords);
      return answered(
        `words ${text.slice(0, 60)}`,
        status,
        dice.chance(0.2) ? retryAfter(dice) : {},
        Buffer.from(text),
      );
    }
    case 'echo': {
      const status = dice.pick([200, 400, 401, 403, 404, 500, 503]);
      return answered(`echo ${status}`, status, {}, Buffer.from(echo(dice, truth.request)));
    }
    case 'headers':
      return wrongHeaders(dice, truth);
    case 'framing':
      return wrongFraming(dice, truth);
    case 'timing':
      return wrongTiming(dice, truth);
    case 'connection':
      return wrongConnection(dice, truth);
    case 'notHttp':
      return raw(
        dice.pick([
          'SSH-2.0-OpenSSH_9.2\r\n',
          '\x16\x03\x01\x02\0\x01',
          '-ERR unknown\r\n',
          'HTTP/9.9 200\r\n\r\n',
          '\0'.repeat(64),
          'HTTP/1.1 abc\r\n\r\n',
        ]),
        'not HTTP',
        true,
      );
    case 'size':
      return wrongSize(dice);
    case 'upgrade':
      return dice.chance(0.5)
        ? raw('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', '101', false)
        : raw('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1 + dice.int(200)), '100 and no more', false);
    case 'more':
      return {
        what: 'two answers',
        steps: [
          write(encode(truth.status, truth.headers, Buffer.from(truth.body))),
          write(encode(dice.pick(statuses), {}, mutateBody(dice, truth.body))),
        ],
      };
  }
}

/** A stream that goes on wrongly: messages of it that are spoilt, come again, or are none. */
export function hostileMessage(dice: Dice, message: string): Buffer {
  const bytes = mutateBody(dice, message);
  return dice.chance(0.8) ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes;
}

function wrongHeaders(dice: Dice, { status, headers, body }: Truth): HostileAnswer {
  const name = dice.pick([
    'x-consul-index',
    'x-consul-contenthash',
    'content-type',
    'retry-after',
    'date',
    'x-consul-effective-consistency',
    'content-encoding',
    'connection',
    'set-cookie',
  ]);
  const many = Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`x-${i}`, 'y']));
  const wrong: readonly Record<string, string>[] = [
    { [name]: wrongDigits(dice) },
    { [name]: wrongDigits(dice) },
    { [name]: 'x'.repeat(12_000) },
    many,
    { 'content-encoding': 'gzip' },
    retryAfter(dice),
    { 'x bad': 'name' },
    { 'x-control': '\x01\x02' },
  ];
  return answered(`header ${name}`, status, { ...headers, ...dice.pick(wrong) }, Buffer.from(body));
}

function wrongFraming(dice: Dice, { headers, body }: Truth): HostileAnswer {
  const head = `HTTP/1.1 200 OK\r\n${lines(headers)}`;
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;
  return raw(
    dice.pick([
      `${head}Content-Length: ${Buffer.byteLength(body) + 100}\r\n\r\n${body}`,
      `${head}Content-Length: ${Math.max(0, Buffer.byteLength(body) - 3)}\r\n\r\n${body}`,
      `${head}Content-Length: ${wrongDigits(dice)}\r\n\r\n${body}`,
      `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n${body}`,
      `${head}\r\n${body}`,
      `${chunked}${wrongDigits(dice)}\r\n${body}\r\n0\r\n\r\n`,
      `${chunked}ffffffff\r\n${body}`,
      `${chunked}${Buffer.byteLength(body).toString(16)};${'e'.repeat(20_000)}\r\n${body}\r\n0\r\n\r\n`,
      `${chunked}0\r\n\r\n`,
      head,
      'HTTP/1.1 200 OK\r\n',
    ]),
    'framing',
    dice.chance(0.6),
  );
}

function wrongTiming(dice: Dice, { status, headers, body }: Truth): HostileAnswer {
  const whole = encode(status, headers, Buffer.from(body));
  const ways: readonly HostileAnswer[] = [
    { what: 'late', steps: [{ do: 'wait', ms: 100 + dice.int(3_000) }, write(whole)] },
    { what: 'hang', steps: [{ do: 'hang' }] },
    { what: 'half, then hang', steps: [write(whole.subarray(0, dice.int(whole.length))), { do: 'hang' }] },
    { what: 'drip', steps: [{ do: 'drip', bytes: whole, piece: 1 + dice.int(8), everyMs: 10 + dice.int(60) }] },
  ];
  return dice.pick(ways);
}

function wrongConnection(dice: Dice, { status, headers, body }: Truth): HostileAnswer {
  const whole = encode(status, headers, Buffer.from(body));
  const half = whole.subarray(0, dice.int(whole.length));
  return dice.pick<HostileAnswer>([
    { what: 'reset', steps: [{ do: 'reset' }] },
    { what: 'close', steps: [{ do: 'end' }] },
    { what: 'half, then reset', steps: [write(half), { do: 'reset' }] },
    { what: 'half, then close', steps: [write(half), { do: 'end' }] },
    { what: 'answered, then reset', steps: [write(whole), { do: 'reset' }] },
    { what: 'answered, then closed', steps: [write(whole), { do: 'end' }] },
  ]);
}

function wrongSize(dice: Dice): HostileAnswer {
  const endless: Step = {
    do: 'pour',
    piece: Buffer.alloc(64 * 1024, dice.pick(['x', '[', '{"a":', ' '])),
    bytes: Infinity,
  };
  return dice.pick<HostileAnswer>([
    answered('2 MiB of text', 200, {}, bigText),
    answered('100,000 objects', 200, {}, bigList),
    { what: 'endless body', steps: [write(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), endless] },
    { what: 'endless error', steps: [write(Buffer.from('HTTP/1.1 500 Oh\r\n\r\n')), endless] },
    {
      what: 'endless head',
      steps: [write(Buffer.from('HTTP/1.1 200 OK\r\nX: ')), { ...endless, piece: Buffer.alloc(64 * 1024, 'h') }],
    },
  ]);
}

/** Secrets and all, as a proxy's page of errors quotes a request. */
function echo(dice: Dice, request: string): string {
  const basic = /^authorization: basic (\S+)$/im.exec(request)?.[1];
  const decoded = basic === undefined ? '' : Buffer.from(basic, 'base64').toString();
  const token = /^(?:x-consul-token|authorization): (.+)$/im.exec(request)?.[1] ?? '';
  const quoted = dice.pick([request, `${decoded} ${token}`, `${token} ${decoded} ${request}`]);
  return dice.pick([
    quoted,
    JSON.stringify({ error: quoted, message: quoted, code: dice.pick([2, 7, 14, 16]) }),
    encodeURIComponent(quoted),
    Buffer.from(token).toString('base64'),
    Buffer.from(decoded.split(':').at(-1) ?? '').toString('base64'),
    JSON.stringify({ error: encodeURIComponent(token), code: 13 }),
  ]);
}

function retryAfter(dice: Dice): { 'retry-after': string } {
  return {
    'retry-after': dice.pick([
      '0',
      '1',
      '2',
      '-1',
      '1e3',
      'soon',
      'NaN',
      '0x10',
      '1.5',
      'Thu, 01 Jan 1970 00:00:00 GMT',
    ]),
  };
}

function answered(
  what: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): HostileAnswer {
  return { what, steps: [write(encode(status, headers, body))] };
}

function raw(text: string, what: string, isOver: boolean): HostileAnswer {
  return { what, steps: [write(Buffer.from(text, 'latin1')), isOver ? { do: 'end' } : { do: 'hang' }] };
}

function write(bytes: Buffer): Step {
  return { do: 'write', bytes };
}

/** A whole answer whose framing is right. */
export function encode(status: number, headers: Readonly<Record<string, string>>, body: Buffer): Buffer {
  const own = { ...headers, 'content-length': String(body.length) };
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Odd'}\r\n${lines(own)}\r\n`, 'latin1'),
    body,
  ]);
}

export function lines(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}
