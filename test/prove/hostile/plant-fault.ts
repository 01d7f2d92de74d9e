import { Agent, get } from 'node:http';
import type { HostilePlan } from './hostile-plan.js';
import type { Plant } from './judge-hostile.js';

const STALL_MS = 900;
const STORM_EVERY_MS = 10;
const LEAKED_BYTES = 12 * 1024 * 1024;
const leaked: Buffer[] = [];
const stormAgent = new Agent({ keepAlive: true, maxSockets: 4 });
let storm: NodeJS.Timeout | undefined;

/** Does in this process what the package must not, so that it can be seen whether the judge finds it. */
export function plantFault(plant: Plant, { stormUrl = '', secrets }: HostilePlan): void {
  switch (plant) {
    case 'crash':
      setTimeout(() => {
        throw new Error('a planted crash');
      }, 300);
      return;
    case 'unhandled':
      void Promise.reject(new Error('a planted rejection'));
      return;
    case 'stall':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
      return;
    case 'storm':
      storm ??= setInterval(() => {
        get(`${stormUrl}/v1/status/leader`, { agent: stormAgent }, (answer) => answer.resume()).on(
          'error',
          () => undefined,
        );
      }, STORM_EVERY_MS);
      return;
    case 'leak':
      leaked.push(Buffer.alloc(LEAKED_BYTES, 1));
      return;
    case 'canary':
      process.stdout.write(`a planted line with ${Object.values(secrets)[0] ?? ''}\n`);
      return;
    case 'lost':
      // Planted when all should be calm.
      return;
  }
}
