import type { ReadyMade } from '../../health/components/ready-made.js';

/** A health indicator of `@nestjs/terminus`, e.g. `() => db.pingCheck('database')`. */
export type TerminusIndicator = () => TerminusResult | PromiseLike<TerminusResult>;

type TerminusResult = Readonly<Record<string, { readonly status: string; readonly message?: unknown }>>;

/**
 * A component from a health indicator of `@nestjs/terminus` 10 or 11. It fails when the indicator rejects or anything
 * in its result is not `up`. Terminus sets the time limit of most indicators itself: keep it below `timeout`.
 *
 * @example
 * components: { database: { ...terminusComponent(() => db.pingCheck('database')), onFail: 'critical' } }
 */
export function terminusComponent(indicator: TerminusIndicator): ReadyMade {
  return {
    async run() {
      const result = await indicator();
      const down = Object.entries(result).filter(([, { status }]) => status !== 'up');
      if (down.length === 0) return { status: 'passing' };
      return { status: 'critical', detail: down.map(([name, found]) => describe(name, found)).join(', ') };
    },
  };
}

function describe(name: string, { status, message }: TerminusResult[string]): string {
  return typeof message === 'string' ? `${name} is ${status}: ${message}` : `${name} is ${status}`;
}
