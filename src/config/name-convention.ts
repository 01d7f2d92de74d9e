import { NameInvalidError } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { LONGEST_LABEL, isDnsName, toDashes, toDnsName } from './dns-name.js';

/** What a name of the convention `{env}-{domain}-{service}-{version}` says, e.g. `prod-payment-user-service-v1`. */
export interface NameParts {
  /** Where it runs, one word; usual are `dev`, `test`, `qa`, `staging` and `prod`. */
  readonly env: string;
  /** The part of the business it belongs to, one word. */
  readonly domain: string;
  /** What it does, one or more words joined by `-`. */
  readonly service: string;
  /** `v` and a whole number without leading zeros. */
  readonly version: string;
}

/** Which names are right: `plain`, whatever DNS can carry; `strict`, those of the convention alone. */
export type Naming = 'plain' | 'strict';

/** One thing that is wrong with a name. */
export interface NameProblem {
  /** What is wrong, in a few words. */
  readonly problem: string;
  /** The nearest name that is right; a part that nobody can guess stands in braces, e.g. `{env}-{domain}-orders-v1`. */
  readonly corrected: string;
}

/** What a corrected name keeps of an env or a domain, so that a service and a version fit in beside them. */
const LONGEST_GUESS = 20;

const FORM = '{env}-{domain}-{service}-{version}';

const word = '[a-z0-9]+';
/** How each part is written, as the source of a regular expression. */
const forms: Readonly<Record<keyof NameParts, string>> = {
  env: word,
  domain: word,
  service: `${word}(?:-${word})*`,
  version: 'v(?:0|[1-9][0-9]*)',
};
const whole = new RegExp(
  `^(?<env>${forms.env})-(?<domain>${forms.domain})-(?<service>${forms.service})-(?<version>${forms.version})$`,
);

const usualEnvs: readonly string[] = [
  'dev',
  'development',
  'local',
  'test',
  'qa',
  'uat',
  'stage',
  'staging',
  'preprod',
  'prod',
  'production',
];

/** The parts of a name of the convention `{env}-{domain}-{service}-{version}`, at most 63 characters; undefined for any other name. */
export function parseName(name: string): NameParts | undefined {
  return name.length <= LONGEST_LABEL ? read(name) : undefined;
}

/** The name with these parts: what `parseName` undoes. Throws `NameInvalidError`, which names every part that does not fit. */
export function formatName(parts: NameParts): string {
  const { env, domain, service, version } = parts;
  const wrong = (Object.keys(forms) as (keyof NameParts)[]).filter((part) => !fits(part, parts[part]));
  if (wrong.length > 0) {
    const found = wrong.map((part) => `${part} ${printable(JSON.stringify(parts[part]) ?? 'undefined')}`).join(', ');
    throw new NameInvalidError(
      `No name of the form ${FORM} can have ${found}: words are lower case letters and digits, a version is v and a number`,
    );
  }
  const name = `${env}-${domain}-${service}-${version}`;
  if (name.length > LONGEST_LABEL) {
    throw new NameInvalidError(`${printable(name)} has ${name.length} characters: DNS carries ${LONGEST_LABEL}`);
  }
  return name;
}

/** What is wrong with a name, each with the corrected form; nothing for a name that is right. */
export function checkName(name: string, naming: Naming = 'plain'): NameProblem[] {
  const corrected = naming === 'strict' ? toConvention(name) : toDnsName(name);
  const dns = isDnsName(name)
    ? []
    : [{ problem: 'DNS cannot carry it: only letters, digits and inner dashes, at most 63', corrected }];
  const form =
    naming === 'plain' || read(name) !== undefined ? [] : [{ problem: `not of the form ${FORM}`, corrected }];
  return [...dns, ...form];
}

function fits(part: keyof NameParts, value: unknown): boolean {
  return typeof value === 'string' && new RegExp(`^${forms[part]}$`).test(value);
}

function read(name: string): NameParts | undefined {
  const { env, domain, service, version } = whole.exec(name)?.groups ?? {};
  if (env === undefined || domain === undefined || service === undefined || version === undefined) return undefined;
  return { env, domain, service, version };
}

/** The nearest name of the convention: the words are dealt out from both ends, and a missing version is v1. */
function toConvention(name: string): string {
  const words = toDashes(name)
    .toLowerCase()
    .split('-')
    .filter((each) => each !== '');
  const version = takeVersion(words);
  const env = words.length > 2 || usualEnvs.includes(words[0] ?? '') ? words.shift() : undefined;
  const domain = words.length > 1 ? words.shift() : undefined;
  const head = `${env?.slice(0, LONGEST_GUESS) ?? '{env}'}-${domain?.slice(0, LONGEST_GUESS) ?? '{domain}'}`;
  const service = words
    .join('-')
    .slice(0, LONGEST_LABEL - `${head}--${version}`.length)
    .replace(/-$/, '');
  return `${head}-${service || '{service}'}-${version}`;
}

/** Takes `v2`, `2` or `2-0-1` off the end. */
function takeVersion(words: string[]): string {
  let major = '1';
  for (let more = true; more;) {
    const [, v, number] = /^(v?)0*([0-9]{1,9})$/.exec(words.at(-1) ?? '') ?? [];
    if (number !== undefined) {
      major = number;
      words.pop();
    }
    more = v === '';
  }
  return `v${major}`;
}
