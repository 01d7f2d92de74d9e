import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { seal, unseal } from './messages.js';
import type { Answer, FromWorker, Request, ToWorker } from './messages.js';

/** What the primary does for its workers. */
export interface WorkerChannelsPlan {
  /** Name of the service. */
  readonly service: string;
  /** A worker asks for something; resolves to what it is told. */
  readonly answer: (worker: number, request: Request) => Promise<Answer>;
  /** A worker has ended, or cut its channel. */
  readonly onGone: (worker: number) => void;
}

/** The primary's side of the talk with all workers about one service. */
export class WorkerChannels {
  readonly #plan: WorkerChannelsPlan;
  /** Those that have a part in the service. */
  readonly #ours = new Map<number, Worker>();
  readonly #waiting = new Set<() => void>();
  #stopping = false;
  readonly #onMessage = (worker: Worker, message: unknown) => {
    const told = unseal(this.#plan.service, message);
    if (told !== undefined) this.#hear(worker, told as FromWorker);
  };
  readonly #onDisconnect = ({ id }: Worker) => {
    this.#plan.onGone(id);
  };
  readonly #onExit = ({ id }: Worker) => {
    this.#plan.onGone(id);
    this.#ours.delete(id);
    for (const look of [...this.#waiting]) look();
  };

  constructor(plan: WorkerChannelsPlan) {
    this.#plan = plan;
    cluster.on('message', this.#onMessage);
    cluster.on('disconnect', this.#onDisconnect);
    cluster.on('exit', this.#onExit);
    // Those that have asked in vain by now.
    for (const worker of Object.values(cluster.workers ?? {}))
      if (worker !== undefined) this.#say(worker, { kind: 'here' });
  }

  pidOf(worker: number): number | undefined {
    return this.#ours.get(worker)?.process.pid;
  }

  /** Has every worker stop as it would at a SIGTERM, and those that come later. */
  stop(): void {
    this.#stopping = true;
    for (const worker of this.#ours.values()) this.#tellToStop(worker);
  }

  /** Resolves when every worker has ended; those that have not when the signal aborts are ended by force. */
  ended(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const kill = () => {
        for (const { process: child } of this.#ours.values()) child.kill('SIGKILL');
      };
      const look = () => {
        if (this.#ours.size > 0) return;
        this.#waiting.delete(look);
        signal.removeEventListener('abort', kill);
        resolve();
      };
      this.#waiting.add(look);
      signal.addEventListener('abort', kill);
      if (signal.aborted) kill();
      look();
    });
  }

  /** Hears nothing more. */
  close(): void {
    cluster.off('message', this.#onMessage);
    cluster.off('disconnect', this.#onDisconnect);
    cluster.off('exit', this.#onExit);
  }

  #hear(worker: Worker, told: FromWorker): void {
    if (!this.#ours.has(worker.id)) {
      this.#ours.set(worker.id, worker);
      if (this.#stopping) this.#tellToStop(worker);
    }
    if (told.kind === 'hello') {
      this.#say(worker, { kind: 'here' });
      return;
    }
    const { number, request } = told;
    void this.#plan.answer(worker.id, request).then((answer) => this.#say(worker, { kind: 'answer', number, answer }));
  }

  #tellToStop(worker: Worker): void {
    // What a host looks at before it forks another one in its place.
    worker.exitedAfterDisconnect = true;
    this.#say(worker, { kind: 'stop' });
  }

  #say(worker: Worker, message: ToWorker): void {
    // A worker that cannot hear it is about to end.
    if (worker.isConnected()) worker.send(seal(this.#plan.service, message), () => undefined);
  }
}
