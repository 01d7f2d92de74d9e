import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { wallClock } from '../experiment/history.js';
import type { Follower, Target } from './follower.js';
import type { Serving } from './set-ups.js';

export interface Failure {
  readonly at: number;
  readonly to: string;
  readonly what: string;
  readonly detail: string;
}

const ANSWER_WITHIN_MS = 15_000;
const PAUSE_MS = 10;

/** Callers in a loop, each of whom sends every request to an instance that is listed at that moment. */
export class Callers {
  /** How often each instance was called. */
  readonly requests = new Map<string, number>();
  readonly failures: Failure[] = [];
  readonly #follower: Follower;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #running: Promise<void>[];
  #over = false;

  constructor(follower: Follower, serving: Serving) {
    this.#follower = follower;
    const plain = ['/', '/', '/slow', '/slow'].flatMap((path) => [
      this.#loop(`GET ${path}, kept connection`, ({ port }) => ask(port, path, this.#agent)),
      this.#loop(`GET ${path}, fresh connection`, ({ port }) => ask(port, path, false)),
    ]);
    const streams = Array.from({ length: 4 }, () => {
      if (serving === 'sse') return this.#loop('an event stream', ({ port }) => listenToEvents(port, () => this.#over));
      if (serving === 'socket.io') return this.#loop('a WebSocket', (target) => this.#talk(target));
      return Promise.resolve();
    });
    this.#running = [...plain, ...streams];
  }

  /** Resolves when the last request has been answered. */
  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#running);
    this.#agent.destroy();
  }

  /** `call` resolves to what went wrong; undefined: it was answered in full. */
  async #loop(what: string, call: (target: Target) => Promise<string | undefined>): Promise<void> {
    while (!this.#over) {
      const target = this.#follower.pick();
      if (target !== undefined) {
        this.requests.set(target.id, (this.requests.get(target.id) ?? 0) + 1);
        const detail = await call(target);
        if (detail !== undefined) this.failures.push({ at: wallClock(), to: target.id, what, detail });
      }
      await sleep(PAUSE_MS);
    }
  }

  /** A question after the other over one WebSocket, as long as the instance is listed. */
  async #talk({ id, port }: Target): Promise<string | undefined> {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], reconnection: false, forceNew: true });
    try {
      while (!this.#over && this.#follower.targets.some((target) => target.id === id)) {
        await socket.timeout(ANSWER_WITHIN_MS).emitWithAck('ask');
        await sleep(PAUSE_MS);
      }
      return undefined;
    } catch (error) {
      return String(error);
    } finally {
      socket.close();
    }
  }
}

function ask(port: number, path: string, agent: Agent | false): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port, path, agent, timeout: ANSWER_WITHIN_MS }, (response) => {
      response.resume();
      response.on('error', () => resolve('the answer was cut off'));
      response.on('end', () => resolve(response.statusCode === 200 ? undefined : `HTTP ${response.statusCode ?? 0}`));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** Listens until the service ends the stream, or `isOver`. */
function listenToEvents(port: number, isOver: () => boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get({ host: '127.0.0.1', port, path: '/events', agent: false }, (response) => {
      response.on('data', () => {
        if (!isOver()) return;
        resolve(undefined);
        asked.destroy();
      });
      response.on('error', () => resolve('the stream was cut off'));
      response.on('end', () => resolve(undefined));
    });
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
