import { styleText } from 'node:util';

type Colour = Parameters<typeof styleText>[0];

const colours: Readonly<Record<string, Colour>> = {
  registered: 'green',
  recovered: 'green',
  deregistered: 'green',
  stopped: 'green',
  fault: 'yellow',
  SIGTERM: 'yellow',
  'beat missed': 'red',
  lost: 'red',
  problem: 'red',
  beat: 'gray',
  'read back': 'cyan',
};

/** Prints one line per event, with the time since the beginning, and records the steps. */
export class Timeline {
  readonly #out: NodeJS.WriteStream;
  readonly #coloured: boolean;
  readonly #startedAt = performance.now();
  readonly #steps: string[] = [];

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#coloured = out.isTTY && !process.env.NO_COLOR;
  }

  get elapsed(): string {
    return duration(performance.now() - this.#startedAt);
  }

  /** Prints a line without time or event. */
  say(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  tell(step: string, text: string): void {
    this.#steps.push(step);
    const at = ((performance.now() - this.#startedAt) / 1000).toFixed(2).padStart(6);
    const padded = step.padEnd(12);
    const colour = this.#coloured ? colours[step] : undefined;
    this.say(`${at} s  ${colour === undefined ? padded : styleText(colour, padded)}  ${text}`);
  }

  /** The first of `steps` that did not happen in this order; undefined when all did. */
  missing(steps: readonly string[]): string | undefined {
    let from = 0;
    return steps.find((step) => {
      const at = this.#steps.indexOf(step, from);
      from = at + 1;
      return at === -1;
    });
  }
}

/** Formats milliseconds for people. */
export function duration(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
