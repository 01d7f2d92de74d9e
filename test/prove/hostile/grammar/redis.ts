import { bulk, bulkText, list } from '../resp.js';
import type { Dice } from './dice.js';
import { redisWords } from './error-words.js';
import type { HostileAnswer } from './http.js';
import { mutateJson } from './json.js';
import type { Step } from './steps.js';
import { wrongText } from './values.js';

export interface RedisTruth {
  /** What the real server replied. */
  readonly reply: Buffer;
  /** The words of the command, and those with which the connection was opened. */
  readonly words: readonly string[];
  readonly login: readonly string[];
}

const wrongReplies = [
  '+OK\r\n',
  '+\r\n',
  ':0\r\n',
  ':-1\r\n',
  ':9223372036854775808\r\n',
  `:${'9'.repeat(400)}\r\n`,
  ':abc\r\n',
  '$-1\r\n',
  '$0\r\n\r\n',
  '$-5\r\n',
  '$abc\r\n',
  '$2147483648\r\nx',
  '$3\r\nabcdef\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*-2\r\n',
  '*2147483647\r\n',
  '*1\r\n$-1\r\n',
  '*2\r\n$1\r\n0\r\n*1\r\n$-1\r\n',
  '*2\r\n:0\r\n:1\r\n',
  `${'*1\r\n'.repeat(5_000)}:1\r\n`,
  `*5000\r\n${'$-1\r\n'.repeat(5_000)}`,
  '%1\r\n+a\r\n:1\r\n',
  '~1\r\n:1\r\n',
  '#t\r\n',
  '_\r\n',
  ',inf\r\n',
  '>2\r\n+message\r\n+x\r\n',
  '|1\r\n+a\r\n+b\r\n:1\r\n',
  '(1234567890123456789012345\r\n',
  'HTTP/1.1 400 Bad Request\r\n\r\n',
  '\0\0\0\0',
  '\r\n',
  'PONG\r\n',
];

export function hostileRedis(dice: Dice, truth: RedisTruth): HostileAnswer {
  const kind = dice.weighted({
    value: 25,
    reply: 20,
    words: 20,
    echo: 6,
    timing: 10,
    connection: 8,
    more: 5,
    size: 2,
    damage: 4,
  });
  const { reply } = truth;
  switch (kind) {
    case 'value':
      return { what: 'value', steps: [write(wrongValue(dice, reply))] };
    case 'reply': {
      const text = dice.pick(wrongReplies);
      return { what: `reply ${JSON.stringify(text.slice(0, 20))}`, steps: [write(Buffer.from(text, 'latin1'))] };
    }
    case 'words': {
      const text = dice.pick(redisWords);
      return { what: `words ${text.slice(0, 60)}`, steps: [error(text)] };
    }
    case 'echo': {
      const quoted = [...truth.login, ...truth.words.map((word) => word.slice(0, 200))].join(' ');
      return {
        what: 'echo',
        steps: [
          error(
            dice.pick(['ERR ', 'NOPERM ', 'WRONGPASS ', 'READONLY ', '']) +
              dice.pick([
                quoted,
                encodeURIComponent(quoted),
                ...truth.login.map((word) => Buffer.from(word).toString('base64')),
              ]),
          ),
        ],
      };
    }
    case 'timing':
      return dice.pick<HostileAnswer>([
        { what: 'late', steps: [{ do: 'wait', ms: 100 + dice.int(3_000) }, write(reply)] },
        { what: 'hang', steps: [{ do: 'hang' }] },
        { what: 'half, then hang', steps: [write(reply.subarray(0, dice.int(reply.length))), { do: 'hang' }] },
        { what: 'drip', steps: [{ do: 'drip', bytes: reply, piece: 1 + dice.int(4), everyMs: 10 + dice.int(60) }] },
      ]);
    case 'connection':
      return dice.pick<HostileAnswer>([
        { what: 'reset', steps: [{ do: 'reset' }] },
        { what: 'close', steps: [{ do: 'end' }] },
        { what: 'half, then close', steps: [write(reply.subarray(0, dice.int(reply.length))), { do: 'end' }] },
        { what: 'answered, then reset', steps: [write(reply), { do: 'reset' }] },
      ]);
    case 'more':
      return {
        what: 'two replies',
        steps: [write(reply), write(dice.chance(0.5) ? reply : Buffer.from(dice.pick(wrongReplies), 'latin1'))],
      };
    case 'size':
      return dice.pick<HostileAnswer>([
        {
          what: 'endless text',
          steps: [
            write(Buffer.from('$9999999999\r\n')),
            { do: 'pour', piece: Buffer.alloc(64 * 1024, 'x'), bytes: Infinity },
          ],
        },
        {
          what: 'endless list',
          steps: [
            write(Buffer.from('*9999999\r\n')),
            { do: 'pour', piece: Buffer.from('$1\r\nx\r\n'.repeat(9_000)), bytes: Infinity },
          ],
        },
        { what: '1 MiB of text', steps: [write(bulk(Buffer.alloc(1024 * 1024, '[')))] },
      ]);
    case 'damage': {
      const bytes = Buffer.from(reply);
      for (let left = 1 + dice.int(4); left > 0; left -= 1) bytes[dice.int(bytes.length)] = dice.int(256);
      return { what: 'damaged bytes', steps: [write(bytes)] };
    }
  }
}

/** Of the right type, with something wrong inside. */
function wrongValue(dice: Dice, reply: Buffer): Buffer {
  const text = bulkText(reply);
  if (text === undefined)
    return dice.pick([
      list([bulk('0'), list([bulk(wrongText(dice))])]),
      bulk(wrongText(dice)),
      list([bulk(wrongText(dice)), bulk('1')]),
      list([]),
    ]);
  const at = text.indexOf('{');
  if (at < 0) return bulk(wrongText(dice));
  const version = dice.chance(0.3) ? wrongText(dice).slice(0, 60) : text.slice(0, at);
  return bulk(version + mutateJson(dice, text.slice(at)));
}

function error(text: string): Step {
  return write(Buffer.from(`-${text}\r\n`));
}

function write(bytes: Buffer): Step {
  return { do: 'write', bytes };
}
