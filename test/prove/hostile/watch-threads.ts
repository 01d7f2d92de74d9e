import { readFileSync, readdirSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';

const EVERY_MS = 20;

/**
 * Knows the longest that this thread, or the worker's, did not come round. What a thread waited for a processor meanwhile is left out, where
 * the kernel tells it: others may be using the machine.
 */
export class StallWatch {
  readonly #worker: () => Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #mostMs = 0;

  constructor(worker: () => Worker | undefined) {
    this.#worker = worker;
  }

  begin(): void {
    this.#mostMs = 0;
    let last = { at: performance.now(), waited: waitedMs() };
    let idle = 0;
    let idled = last;
    this.#timer = setInterval(() => {
      const now = { at: performance.now(), waited: waitedMs() };
      this.#note(now.at - last.at - EVERY_MS, last.waited, now.waited);
      // A loop that comes round waits for something at the end of each round.
      const idleNow = this.#worker()?.performance.eventLoopUtilization().idle ?? 0;
      if (this.#worker() === undefined || idleNow > idle) idled = now;
      else this.#note(now.at - idled.at, idled.waited, now.waited);
      idle = idleNow;
      last = now;
    }, EVERY_MS);
  }

  /** The longest since `begin`, in milliseconds. */
  end(): number {
    clearInterval(this.#timer);
    return this.#mostMs;
  }

  #note(ms: number, before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): void {
    if (ms <= this.#mostMs) return;
    const waits = [...after].map(([thread, waited]) => waited - (before.get(thread) ?? waited));
    this.#mostMs = Math.max(this.#mostMs, ms - Math.max(0, ...waits));
  }
}

const NS_PER_MS = 1e6;

/** How long the thread that waited most for a processor since `before` has waited: others use the machine. */
export function waitedSince(before: ReadonlyMap<string, number>): number {
  return Math.max(0, ...[...waitedMs()].map(([thread, waited]) => waited - (before.get(thread) ?? waited)));
}

/** How long each thread of the process has waited for a processor so far, in milliseconds; empty where the kernel does not say. */
export function waitedMs(): Map<string, number> {
  const waited = new Map<string, number>();
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const [, ns] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8').split(' ');
      waited.set(thread, Number(ns) / NS_PER_MS);
    }
  } catch {
    // Not Linux, or a thread has just ended.
  }
  return waited;
}

interface Report {
  readonly workers?: readonly {
    readonly javascriptHeap: {
      readonly externalMemory: number;
      readonly heapSpaces: Readonly<Record<string, { readonly used: number }>>;
    };
  }[];
}

/**
 * The bytes that the heaps of worker threads hold, without what is young: that comes and goes. A snapshot would say it
 * exactly, but stops the thread for seconds on a busy machine.
 */
export function heapOfWorkers(): number {
  // Otherwise it looks up the names of all connections.
  Object.assign(process.report, { excludeNetwork: true });
  const { workers = [] } = process.report.getReport() as Report;
  return workers.reduce((sum, { javascriptHeap: { externalMemory, heapSpaces } }) => {
    const old = Object.entries(heapSpaces).filter(([space]) => !space.startsWith('new_'));
    return sum + externalMemory + old.reduce((bytes, [, { used }]) => bytes + used, 0);
  }, 0);
}
