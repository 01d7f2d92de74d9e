import { rm } from 'node:fs/promises';
import { ServerProcess } from './server-process.js';

export interface Command {
  readonly program: string;
  readonly words: readonly string[];
  /** Holds its data; removed when it is stopped, and when we die. */
  readonly directory?: string | undefined;
}

/** A real server that tests may mistreat, and that always runs with the same words. */
export abstract class ManagedServer {
  readonly #command: Command;
  #process: ServerProcess | undefined;

  constructor(command: Command) {
    this.#command = command;
  }

  /** Resolves once it serves. Rejects with its output when it does not come up in time, or has ended. */
  abstract ready(timeoutMs?: number): Promise<void>;

  /** Of the process that runs now, or ran last. */
  get pid(): number {
    return this.process.pid;
  }

  /** SIGKILL: no goodbye. Resolves when it is gone. */
  async kill(): Promise<void> {
    await this.process.kill();
  }

  /** SIGTERM: it says goodbye in its own way. Resolves when it is gone. */
  async terminate(): Promise<void> {
    await this.process.terminate();
  }

  /** SIGSTOP: connections are accepted, nothing is answered. */
  pause(): void {
    this.process.pause();
  }

  /** SIGCONT: answers what has piled up. */
  resume(): void {
    this.process.resume();
  }

  /** Kills it if it runs, starts it on the same ports, resolves once it is ready. What it kept in files it has still. */
  async restart(): Promise<void> {
    await this.launch();
    await this.ready();
  }

  /** Like `restart`, but resolves as soon as the process has been started: for tests that watch it come up. */
  async launch(): Promise<void> {
    await this.#process?.kill();
    const { program, words, directory } = this.#command;
    this.#process = await ServerProcess.start(program, words, directory);
  }

  /** Ends it for good, also when paused, and removes its data. */
  async stop(): Promise<void> {
    await this.#process?.kill();
    if (this.#command.directory !== undefined) await rm(this.#command.directory, { recursive: true, force: true });
  }

  protected get process(): ServerProcess {
    if (this.#process === undefined) throw new Error('This server was never started');
    return this.#process;
  }
}
