import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dieWithUs } from './die-with-us.js';

/** How much of a server's output is kept for the error that quotes it. */
const OUTPUT_KEPT = 20_000;

/** One run of a server program. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #callOff: () => void;
  #output = '';
  #paused = false;

  private constructor(child: ChildProcess, directory: string | undefined) {
    this.#child = child;
    this.#ended = once(child, 'close');
    this.#callOff = dieWithUs(this.pid, directory);
    child.once('exit', this.#callOff);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_KEPT);
      });
    }
  }

  /** Starts the program. `directory` is removed when this process dies without having stopped it. */
  static async start(program: string, words: readonly string[], directory?: string): Promise<ServerProcess> {
    // Detached: a Ctrl-C in the terminal is for us; a server that went with it could not be left in order.
    const child = spawn(program, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    return new ServerProcess(child, directory);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The last of what it wrote to its outputs. */
  get output(): string {
    return this.#output.trim();
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL; resolves when it is gone, also when it was paused. */
  async kill(): Promise<void> {
    if (this.running) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM; resolves when it is gone. */
  async terminate(): Promise<void> {
    this.resume();
    if (this.running) this.#child.kill('SIGTERM');
    await this.#ended;
  }

  /** SIGSTOP: it keeps its sockets, the kernel goes on accepting connections, nobody answers. */
  pause(): void {
    this.#paused = this.#child.kill('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    if (this.#paused) this.#child.kill('SIGCONT');
    this.#paused = false;
  }
}
