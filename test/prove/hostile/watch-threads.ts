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

/** How long each thread of the process has waited for a processor so far, in milliseconds; empty where the kernel does not say. */
function waitedMs(): Map<string, number> {
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

interface Snapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: readonly string[] } };
  readonly nodes: readonly number[];
}

/** The bytes that a worker's heap holds after garbage was collected, as a snapshot of it says. */
export async function heapOf(worker: Worker): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of await worker.getHeapSnapshot()) chunks.push(Buffer.from(chunk as Buffer));
  const { snapshot, nodes } = JSON.parse(Buffer.concat(chunks).toString()) as Snapshot;
  const { node_fields: fields } = snapshot.meta;
  const size = fields.indexOf('self_size');
  let bytes = 0;
  for (let at = size; at < nodes.length; at += fields.length) bytes += nodes[at] ?? 0;
  return bytes;
}
