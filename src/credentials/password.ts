import type { ConfigIssue } from '../core/errors.js';
import { HIDDEN, rememberSecret } from '../core/secrets.js';
import { missingFile } from './missing-files.js';
import { callSecretFunction } from './secret-function.js';
import { isPath, readSecret, shownPath } from './secret-file.js';
import type { FileProblem } from './secret-file.js';

/** Returns the current password. */
export type PasswordFunction = () => string | Promise<string>;

/** The source of a password. `option` is the one that names it. */
export type PasswordSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly password: string }
  /** `password` is what the file contained at first; undefined: it is yet to be written. */
  | { readonly kind: 'file'; readonly path: string; readonly password: string | undefined }
  | { readonly kind: 'function'; readonly ask: PasswordFunction; readonly option: string };

/** Reads a password from a file, without the line breaks at its end: it may have blanks. */
export function readPasswordFile(path: string): { readonly secret: string } | FileProblem {
  return readSecret(path, (text) => text.replace(/[\r\n]+$/, '') || undefined);
}

/** The source that the options name. Adds problems to `issues`. */
export function passwordOf(
  { password, passwordFile }: { readonly password?: unknown; readonly passwordFile?: unknown },
  issues: ConfigIssue[],
  field = 'password',
): PasswordSource {
  if (passwordFile !== undefined) return fileSource(passwordFile, password, issues);
  if (password === undefined) return { kind: 'none' };
  if (typeof password === 'function') return { kind: 'function', ask: password as PasswordFunction, option: field };
  if (!isPassword(password)) {
    issues.push({ field, value: HIDDEN, allowed: 'a non-empty text, or a function that returns one' });
    return { kind: 'none' };
  }
  rememberSecret(password);
  return { kind: 'fixed', password };
}

function fileSource(path: unknown, password: unknown, issues: ConfigIssue[]): PasswordSource {
  const field = 'passwordFile';
  if (password !== undefined) issues.push({ field, value: HIDDEN, allowed: 'either `password` or `passwordFile`' });
  const read = isPath(path) ? readPasswordFile(path) : { problem: 'is no path' };
  if (isPath(path) && (!('problem' in read) || 'isPending' in read))
    return { kind: 'file', path, password: 'secret' in read ? read.secret : undefined };
  const allowed = `the path of a file with the password; this one ${'problem' in read ? read.problem : ''}`;
  issues.push({ field, value: HIDDEN, allowed });
  return { kind: 'none' };
}

function isPassword(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The current password of one source. */
export class CurrentPassword {
  readonly #source: PasswordSource;
  #ofFile: string | undefined;

  constructor(source: PasswordSource) {
    this.#source = source;
    if (source.kind === 'file') this.#ofFile = source.password;
  }

  get files(): readonly string[] {
    return this.#source.kind === 'file' ? [this.#source.path] : [];
  }

  /** The file that is yet to be written, in words. */
  get missing(): readonly string[] {
    const source = this.#source;
    return source.kind === 'file' && this.#ofFile === undefined
      ? [missingFile('password', shownPath(source.path))]
      : [];
  }

  /** Undefined without a password. Calls a function each time, and rejects as `callSecretFunction` does. */
  async read(registry: string, operation: string, signal: AbortSignal): Promise<string | undefined> {
    const source = this.#source;
    switch (source.kind) {
      case 'none':
        return undefined;
      case 'fixed':
        return source.password;
      case 'file':
        return this.#ofFile;
      case 'function': {
        const { ask, option } = source;
        const question = { registry, operation, option, allowed: 'a non-empty text', isAllowed: isPassword };
        return callSecretFunction(ask, question, signal);
      }
    }
  }

  /** Reads the file again. One with a problem changes nothing. */
  reread(): { readonly changed: boolean; readonly problems: readonly string[] } {
    if (this.#source.kind !== 'file') return { changed: false, problems: [] };
    const { path } = this.#source;
    const former = this.#ofFile;
    const read = readPasswordFile(path);
    if ('secret' in read) {
      this.#ofFile = read.secret;
      return { changed: read.secret !== former, problems: [] };
    }
    if (former === undefined && read.isPending === true) return { changed: false, problems: [] };
    const meanwhile = former === undefined ? 'there is none' : 'the previous password stays in use';
    return {
      changed: false,
      problems: [`the password file ${shownPath(path)} ${read.problem}, so ${meanwhile}: write a valid one to it`],
    };
  }
}
