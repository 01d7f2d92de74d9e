import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Milliseconds since 1970 with a fraction: comparable between the processes of this machine. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

/** Everything an experiment observed, in order, in memory and as JSON lines in a file. */
export class History<E extends object> {
  readonly events: E[] = [];
  readonly #file: string;
  #written = 0;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  }

  note(event: E): void {
    this.events.push(event);
  }

  /** Writes what is new. Not done at each event: a slow disk must not slow what is being measured. */
  flush(): void {
    const fresh = this.events.slice(this.#written);
    this.#written = this.events.length;
    appendFileSync(this.#file, fresh.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }
}
