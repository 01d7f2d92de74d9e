import { gzipSync } from 'node:zlib';
import type { Dice } from './dice.js';
import { mutateJson } from './json.js';
import { wrongText } from './values.js';

/** What a body can become that is no longer the text it was: wrong encodings, damage, and other documents. */
export function mutateBody(dice: Dice, text: string): Buffer {
  switch (
    dice.weighted({
      json: 12,
      cut: 2,
      flipped: 2,
      utf16: 1,
      bom: 1,
      gzip: 1,
      twice: 1,
      tail: 1,
      empty: 1,
      html: 1,
      other: 2,
    })
  ) {
    case 'json':
      return Buffer.from(mutateJson(dice, text));
    case 'cut':
      return Buffer.from(text.slice(0, dice.int(text.length + 1)));
    case 'flipped':
      return flipped(dice, Buffer.from(text));
    case 'utf16':
      return Buffer.from(`\ufeff${text}`, 'utf16le');
    case 'bom':
      return Buffer.from(`\ufeff${text}`);
    case 'gzip':
      return gzipSync(text);
    case 'twice':
      return Buffer.from(text + text);
    case 'tail':
      return Buffer.from(`${text}${wrongText(dice)}`);
    case 'empty':
      return Buffer.alloc(0);
    case 'html':
      return Buffer.from('<!doctype html><title>502</title><h1>Bad Gateway</h1>');
    case 'other':
      return Buffer.from(
        dice.pick(['null', 'true', '[]', '{}', '""', '0', '1e999', '[[[[', '{"a":', '\0\0\0', 'undefined', '\ud800']),
      );
  }
}

function flipped(dice: Dice, bytes: Buffer): Buffer {
  for (let left = 1 + dice.int(8); left > 0 && bytes.length > 0; left -= 1)
    bytes[dice.int(bytes.length)] = dice.int(256);
  return bytes;
}
