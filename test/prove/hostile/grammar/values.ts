import type { Dice } from './dice.js';

/** Text that stands in a JSON document as it is: numbers that JSON.stringify does not write, and shapes of many bytes. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const numbers: readonly (number | Raw)[] = [
  0,
  -1,
  1,
  0.5,
  -0.5,
  1e-9,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e21,
  1e308,
  -1e308,
  new Raw('-0'),
  new Raw('1e999'),
  new Raw('-1e999'),
  new Raw('9223372036854775807'),
  new Raw('9223372036854775808'),
  new Raw('NaN'),
  new Raw('0x10'),
  new Raw('1.'),
  new Raw('9'.repeat(400)),
];

/** Numbers as texts: etcd's gateway and many headers write them so. */
const digits = [
  '0',
  '-1',
  '1',
  '00',
  '0.001',
  '1e3',
  '1e999',
  'NaN',
  'Infinity',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  '-9223372036854775808',
  '9'.repeat(400),
  ' 12 ',
  '12abc',
  '0x7f',
  '١٢',
];

const texts = [
  '',
  ' ',
  '\0',
  'null',
  'undefined',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  '../../../etc/passwd',
  '%00%2e%2e%2f',
  '{{env.PATH}}',
  '\u001b[2J\u001b[31mred',
  '\u202egnp.exe',
  '\u0085\u009b31m',
  '\ud800',
  '\ufeffbom',
  '\r\nX-Injected: yes\r\n\r\n',
  '<script>alert(1)</script>',
  'passing',
  'critical',
  'maintenance',
  'x'.repeat(70_000),
  'é'.repeat(3_000),
  '127.0.0.1',
  '999.1.1.1',
  '::1%eth0',
  '-ERR',
];

const shapes: readonly unknown[] = [
  null,
  true,
  false,
  [],
  {},
  [[]],
  [null],
  { '': null },
  new Raw('{"__proto__":{"polluted":true}}'),
  new Raw('{"constructor":{"prototype":{"polluted":true}}}'),
  new Raw('{"a":1,"a":2}'),
  new Raw('['.repeat(3_000) + ']'.repeat(3_000)),
  new Raw(`[${'null,'.repeat(20_000)}null]`),
  new Raw(`{${Array.from({ length: 3_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`),
  new Raw(''),
  new Raw(','),
];

export function wrongNumber(dice: Dice): unknown {
  return dice.chance(0.6) ? dice.pick(numbers) : dice.pick(digits);
}

export function wrongText(dice: Dice): string {
  return dice.chance(0.3) ? dice.pick(digits) : dice.pick(texts);
}

/** Whatever a value may be that should be another one. */
export function wrongValue(dice: Dice): unknown {
  const kind = dice.weighted({ number: 4, text: 3, shape: 3 });
  return kind === 'number' ? wrongNumber(dice) : kind === 'text' ? wrongText(dice) : dice.pick(shapes);
}

/** As a header or a status line has a number. */
export function wrongDigits(dice: Dice): string {
  return dice.pick(digits.filter((each) => /^[\x20-\x7e]*$/.test(each)));
}
