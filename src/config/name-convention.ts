import { NameInvalidError } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { LONGEST_LABEL, isDnsName, toDashes, toDnsName } from './dns-name.js';

/** The parts of a name of the form `{env}-{domain}-{service}-{version}`, e.g. `prod-payment-user-service-v1`. */
export interface NameParts {
  /** The environment, one word, e.g. `dev`, `test`, `qa`, `staging` or `prod`. */
  readonly env: string;
  /** The business domain, one word. */
  readonly domain: string;
  /** The service, one or more words joined by `-`. */
  readonly service: string;
  /** `v` and a whole number without leading zeros. */
  readonly version: string;
}

/** The names that are valid: `plain`, any DNS label; `strict`, only those of the convention. */
export type Naming = 'plain' | 'strict';

/** One thing that is wrong with a name. */
export interface NameProblem {
  /** A short description. */
  readonly problem: string;
  /**
   * The closest valid name, with a placeholder for each part that cannot be guessed, e.g. `{env}-{domain}-orders-v1`.
   */
  readonly corrected: string;
}

/** The most characters that a corrected name keeps of env and domain, to leave room for service and version. */
const LONGEST_GUESS = 20;

const FORM = '{env}-{domain}-{service}-{version}';

const word = '[a-z0-9]+';
/** The form of each part, as the source of a regular expression. */
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

/**
 * Parses a name of the form `{env}-{domain}-{service}-{version}`, at most 63 characters; undefined for any other name.
 */
export function parseName(name: string): NameParts | undefined {
  return name.length <= LONGEST_LABEL ? read(name) : undefined;
}

/** Joins the parts to a name; the inverse of `parseName`. Throws `NameInvalidError`, which lists every invalid part. */
export function formatName(parts: NameParts): string {
  const { env, domain, service, version } = parts;
  const invalid = (Object.keys(forms) as (keyof NameParts)[]).filter((part) => !fits(part, parts[part]));
  if (invalid.length > 0) {
    const found = invalid.map((part) => `${part} ${printable(JSON.stringify(parts[part]) ?? 'undefined')}`).join(', ');
    throw new NameInvalidError(
      `the form ${FORM} does not allow ${found}: use lower case letters and digits, and v with a number as version`,
    );
  }
  const name = `${env}-${domain}-${service}-${version}`;
  if (name.length > LONGEST_LABEL) {
    throw new NameInvalidError(
      `the name ${printable(name)} has ${name.length} characters, but DNS allows ${LONGEST_LABEL}: shorten a part`,
    );
  }
  return name;
}

/** The problems of a name, each with the corrected form; empty for a valid name. */
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

/**
 * Guesses a name of the convention: takes env and domain from the start, the version from the end, `v1` if there is
 * none.
 */
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

/** Removes a version (`v2`, `2` or `2-0-1`) from the end and returns its major version. */
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
