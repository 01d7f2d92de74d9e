import { fork } from 'node:child_process';
import type { ChildProcess, Serializable } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { dieWithUs } from './servers/die-with-us.js';

const projectRoot = fileURLToPath(new URL('../../', import.meta.url));
/** Without the source's paths: a process gets the package as it is built, which takes less than half the time to load. */
const tsconfig = fileURLToPath(new URL('forked.tsconfig.json', import.meta.url));

export interface ForkOptions {
  /** Words after the script. */
  readonly words?: readonly string[];
  /** Added to our own environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<ForkedService>();

/**
 * Runs a TypeScript file as a process of its own, with the built package as `rollcall`; `process.send` in it reaches
 * `messages`.
 */
export function forkService(file: string | URL, { words = [], env = {} }: ForkOptions = {}): ForkedService {
  const child = fork(file, words, {
    cwd: projectRoot,
    execPath: process.execPath,
    execArgv: ['--import', 'tsx'],
    // Undefined values are left out of a child's environment.
    env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return new ForkedService(child);
}

/** Kills every forked service that still runs, also a paused one; for `afterEach`. */
export async function killForkedServices(): Promise<void> {
  await Promise.all([...running].map((service) => service.kill()));
}

export class ForkedService {
  /** Lines of stdout and stderr, in the order they came. */
  readonly lines: string[] = [];
  /** What it sent over IPC. */
  readonly messages: unknown[] = [];
  /** Resolves when it has ended and its output has been read. */
  readonly exit: Promise<ServiceExit>;
  /** Resolves at once when it has ended, whatever of its output is still unread. */
  readonly ended: Promise<ServiceExit>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.#child = child;
    running.add(this);
    const callOff = dieWithUs(this.pid);
    child.once('exit', callOff);
    this.ended = once(child, 'exit').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }));
    this.exit = once(child, 'close').then(([code, signal]) => {
      running.delete(this);
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#note(this.lines, line));
    }
    child.on('message', (message) => this.#note(this.messages, message));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends over IPC. */
  send(message: Serializable): void {
    this.#child.send(message);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exit;
  }

  /** The first line, past or future, that matches. Rejects after `timeoutMs`, or when it ends before; the error quotes its output. @default 30 s */
  waitForLine(pattern: RegExp | string, timeoutMs = 30_000): Promise<string> {
    const matches = (line: string) => (typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line));
    return this.#first(`a line like ${String(pattern)}`, () => this.lines.find(matches), timeoutMs);
  }

  /** The first message, past or future, that `matches` says yes to. Rejects as `waitForLine` does. @default 30 s */
  waitForMessage<T>(matches: (message: unknown) => message is T, timeoutMs = 30_000): Promise<T> {
    return this.#first('such a message', () => this.messages.find(matches), timeoutMs);
  }

  #note<T>(list: T[], item: T): void {
    list.push(item);
    for (const look of [...this.#waiting]) look();
  }

  #first<T>(what: string, find: () => T | undefined, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        this.#waiting.delete(look);
        clearTimeout(timer);
        then();
      };
      const look = () => {
        const item = find();
        if (item !== undefined) settle(() => resolve(item));
      };
      const giveUp = (why: string) =>
        settle(() => reject(new Error(`${why} without ${what}. Its output:\n${this.lines.join('\n')}`)));
      const timer = setTimeout(() => giveUp(`The service ran ${timeoutMs} ms`), timeoutMs);
      this.#waiting.add(look);
      void this.exit.then(({ code, signal }) => giveUp(`The service ended (${signal ?? `exit ${code}`})`));
      look();
    });
  }
}
