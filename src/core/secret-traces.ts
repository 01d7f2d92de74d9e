/** A shorter secret may be part of ordinary words, so it is hidden only where a secret stands. */
const SHORTEST = 6;
/** A longer secret is looked for in parts, so that text which was cut within it shows at most one part. */
const LONGEST_PART = 400;
/** How a part of a secret is found. */
export interface Trace {
  readonly length: number;
  /** Each text that contains the part, in whatever form, contains one of these: looking for them is quick. */
  readonly anchors: readonly string[];
  readonly pattern: RegExp;
}

/** How to find each part of a secret. Loaded with the first secret. */
export function tracesOf(secret: string): Trace[] {
  return partsOf(secret).map(traceOf);
}

/** The lines of a key one by one, and each in pieces of about equal length. */
function partsOf(secret: string): string[] {
  const lines = secret.split(/[\r\n]+/).filter((line) => line !== '' && !line.startsWith('-----'));
  const parts = lines.flatMap((line) => {
    const characters = [...line];
    const size = Math.ceil(characters.length / Math.ceil(characters.length / LONGEST_PART));
    return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
      characters.slice(index * size, (index + 1) * size).join(''),
    );
  });
  // The rest of a key's last line gives nothing away.
  return parts.length === 1 ? parts : parts.filter(({ length }) => length >= SHORTEST);
}

/** Ends what comes before a secret: a word such as `token`, or the user in a URL. */
const POSITION =
  '(?<=(?:auth(?:orization)?|token|pass(?:word|wd)?|secret|key)[^a-z0-9]{1,6}(?:(?:basic|bearer) )?|//[^/\\s:@]*:)';

function traceOf(secret: string): Trace {
  const isShort = secret.length < SHORTEST;
  const base64 = isShort ? [] : base64Of(secret);
  const plain = (secret.match(/\\+|[^]/gu) ?? []).map(inAnyEscape).join('');
  const source = isShort ? `${POSITION}${plain}(?!\\w)` : [plain, ...base64.map(base64Pattern)].join('|');
  return {
    length: secret.length,
    anchors: [secret, ...base64.map(({ core }) => core)].map(longestWordIn),
    pattern: new RegExp(source, 'giu'),
  };
}

/** Which no encoding changes. Empty, and so in every text, if there is none. */
function longestWordIn(text: string): string {
  const words = text.match(/[a-z0-9]+/gi) ?? [];
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest), '');
}

/**
 * A character, or a run of backslashes, as it is, or as JSON, URLs and HTML write it, also when they wrap each other.
 * Each repetition is bounded, so that no text takes long.
 */
function inAnyEscape(character: string): string {
  if (/[a-z0-9]/i.test(character)) return character;
  const percent = [...Buffer.from(character)].map((byte) => `%(?:25){0,4}${hex(byte, 2)}`).join('');
  const unicode = Array.from({ length: character.length }, (_, index) => {
    return `\\\\{1,8}u${hex(character.charCodeAt(index), 4)}`;
  }).join('');
  const letter = /^\\([a-z])$/.exec(JSON.stringify(character).slice(1, -1))?.[1];
  const forms = [
    percent,
    unicode,
    ...(letter === undefined ? [] : [`\\\\{1,8}${letter}`]),
    ...('&<>"\''.includes(character) ? ['&(?:[a-z]{2,4}|#x?[0-9a-f]{1,4});'] : []),
    ...(character === ' ' ? ['\\+'] : []),
    // The last, since it may begin the others.
    character.startsWith('\\')
      ? `\\\\{${String(character.length)},${String(8 * character.length)}}`
      : `\\\\{0,8}${literal(character)}`,
  ];
  return `(?:${forms.join('|')})`;
}

interface Base64Trace {
  /** What of the secret base64 shows, whatever comes before and after it. */
  readonly core: string;
  /** The encoding of its last byte goes on into the next character. */
  readonly isCut: boolean;
}

/** For each place in a group of three bytes where the secret may begin. */
function base64Of(secret: string): Base64Trace[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].map((offset) => {
    const end = offset + bytes.length;
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    return { core: text.slice(Math.ceil((offset * 8) / 6), Math.floor((end * 8) / 6)), isCut: end % 3 !== 0 };
  });
}

/** In both alphabets. */
function base64Pattern({ core, isCut }: Base64Trace): string {
  const pattern = core.replace(/[+/]/g, (sign) => (sign === '+' ? '(?:[+\\-]|%2B)' : '(?:\\\\?/|_|%2F)'));
  return isCut ? `${pattern}[\\w+/\\-]?(?:=|%3D){0,2}` : pattern;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}
