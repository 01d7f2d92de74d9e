import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { onAbort } from '../core/abort.js';
import { seal } from './messages.js';
import type { Answer, FromWorker, Request, ToWorker } from './messages.js';
import { readFromWorker } from './read-message.js';
import type { MalformedRequest } from './read-message.js';
import { shareListener } from './share-listener.js';

/** What the primary does for its workers. */
export interface WorkerChannelsPlan {
  /** Name of the service. */
  readonly service: string;
  /** Answers one request of a worker. */
  readonly answer: (worker: number, request: Request) => Promise<Answer>;
  /** Called when a worker has exited or closed its channel. */
  readonly onGone: (worker: number) => void;
}

/** The primary's end of the conversation with all workers about one service. */
export class WorkerChannels {
  readonly #plan: WorkerChannelsPlan;
  /** Workers that take part in the service. */
  readonly #ours = new Map<number, Worker>();
  readonly #waiting = new Set<() => void>();
  readonly #endListening: readonly (() => void)[];
  #stopping = false;

  constructor(plan: WorkerChannelsPlan) {
    this.#plan = plan;
    this.#endListening = [
      shareListener(cluster, 'message', (worker: Worker, message: unknown) => {
        const received = readFromWorker(plan.service, message);
        if (received !== undefined) this.#hear(worker, received);
      }),
      shareListener(cluster, 'disconnect', ({ id }: Worker) => plan.onGone(id)),
      shareListener(cluster, 'exit', ({ id }: Worker) => {
        plan.onGone(id);
        this.#ours.delete(id);
        for (const look of [...this.#waiting]) look();
      }),
    ];
    // For workers that asked before this object existed.
    for (const worker of Object.values(cluster.workers ?? {}))
      if (worker !== undefined) this.#say(worker, { kind: 'here' });
  }

  pidOf(worker: number): number | undefined {
    return this.#ours.get(worker)?.process.pid;
  }

  /** Makes every worker stop as at a SIGTERM, including workers that report later. */
  stop(): void {
    this.#stopping = true;
    for (const worker of this.#ours.values()) this.#tellToStop(worker);
  }

  /** Resolves when every worker has exited. When the signal aborts, it kills those that remain. */
  ended(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const removeListener = onAbort(signal, () => {
        for (const { process: child } of this.#ours.values()) child.kill('SIGKILL');
      });
      const look = () => {
        if (this.#ours.size > 0) return;
        this.#waiting.delete(look);
        removeListener();
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Removes all listeners. */
  close(): void {
    for (const end of this.#endListening) end();
  }

  #hear(worker: Worker, received: FromWorker | MalformedRequest): void {
    if (!this.#ours.has(worker.id)) {
      this.#ours.set(worker.id, worker);
      if (this.#stopping) this.#tellToStop(worker);
    }
    if (received.kind === 'hello') {
      this.#say(worker, { kind: 'here' });
      return;
    }
    void this.#answerTo(worker.id, received).then((answer) =>
      this.#say(worker, { kind: 'answer', number: received.number, answer }),
    );
  }

  /** Never rejects: nothing that a worker sends may end the primary. After a loss, a worker registers again. */
  async #answerTo(
    worker: number,
    received: Exclude<FromWorker, { kind: 'hello' }> | MalformedRequest,
  ): Promise<Answer> {
    if (received.kind === 'malformed') return { outcome: 'refused', problem: received.problem };
    try {
      return await this.#plan.answer(worker, received.request);
    } catch {
      return { outcome: 'lost' };
    }
  }

  #tellToStop(worker: Worker): void {
    // A host reads this flag before it forks a replacement.
    worker.exitedAfterDisconnect = true;
    this.#say(worker, { kind: 'stop' });
  }

  #say(worker: Worker, message: ToWorker): void {
    // A worker without a channel is about to exit.
    if (worker.isConnected()) worker.send(seal(this.#plan.service, message), () => undefined);
  }
}
