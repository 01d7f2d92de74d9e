import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { recordStops } from '../../../src/shutdown/record-stops.js';
import type { StopRecord } from '../../../src/shutdown/stop-record.js';
import { Events } from '../../../src/telemetry/events.js';
import { FakeClock } from '../../support/fake-clock.js';
import { waitFor } from '../../support/wait-for.js';
import { isPosix, ownModes } from '../../support/posix.js';

const instance = { name: 'orders', id: 'orders-1' } as ServiceInstance;
let parent: string;
let folder: string;
let clock: FakeClock;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'rollcall-test-'));
  folder = join(parent, 'stops');
  clock = new FakeClock();
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});

/** A start of the instance that is registered. */
function started(hostname = 'web1') {
  const events = new Events((error) => {
    throw error;
  });
  const warnings: string[] = [];
  events.on('warning', ({ message }) => warnings.push(message));
  const config = { signals: ['SIGTERM'], stopTimeoutMs: 25_000 } as const;
  recordStops({ folder, config, clock, events, hostname, registered: () => undefined });
  events.emit('registered', { instance, holder: 'consul', afterMs: 1 });
  return { events, warnings };
}

/** A stop of it that a signal began, once its record is there. */
async function stopping(hostname?: string) {
  const life = started(hostname);
  life.events.emit('draining', { reason: 'SIGTERM' });
  await waitFor(() => record().pid === process.pid);
  return life;
}

const path = () => join(folder, readdirSync(folder)[0] ?? 'no record');
const record = () => JSON.parse(readFileSync(path(), 'utf8')) as StopRecord;

/** A start whose stop was killed after so long. */
async function killed(afterMs: number, hasLeft = false): Promise<void> {
  const { events } = await stopping();
  if (hasLeft) events.emit('deregistered', { policy: 'deregister', confirmed: true, tookMs: 5, listedForMs: 0 });
  await clock.advance(afterMs);
  const lastAt = clock.wallTime();
  await waitFor(() => Math.abs(statSync(path()).mtimeMs - lastAt) < 300);
}

it('is written when a signal begins the stop, follows it, and is removed at its end', async () => {
  const beganAt = clock.wallTime();
  const { events } = await stopping();
  const written = { pid: process.pid, hostname: 'web1', reason: 'SIGTERM', beganAt, timeoutMs: 25_000 };
  expect(record()).toEqual({ ...written, hasLeft: false });
  expect(statSync(path()).mode & 0o777).toBe(ownModes.file);
  events.emit('deregistered', { policy: 'deregister', confirmed: true, tookMs: 5, listedForMs: 0 });
  expect(record().hasLeft).toBe(true);
  events.emit('stopped', { tookMs: 10, errors: [] });
  expect(readdirSync(folder)).toEqual([]);
});

it('is not written for a stop that the service itself began', async () => {
  const { events } = started();
  await waitFor(() => existsSync(folder));
  events.emit('draining', { reason: 'stop() was called' });
  expect(readdirSync(folder)).toEqual([]);
  events.emit('stopped', { tookMs: 10, errors: [] });
});

describe('a stop that was cut short', () => {
  it.each([
    [false, 'its entry was still listed, so callers kept it until its TTL ended'],
    [true, 'it had left the registry, but requests may have been lost'],
  ])('is told by the next start with the time that was missing, once (left: %s)', async (hasLeft, consequence) => {
    await killed(1_500, hasLeft);
    const { warnings } = started();
    await waitFor(() => warnings.length > 0);
    expect(warnings[0]).toContain(
      'the last stop of this instance was cut short: SIGTERM began it, and the process ended 1.5s later, while ' +
        `\`shutdown.timeout\` allows 25s: 23.5s were missing; ${consequence}`,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not told while its process still runs, nor on another host', async () => {
    await killed(1_500);
    const running = { ...record(), pid: process.ppid };
    writeFileSync(path(), JSON.stringify(running));
    // Each has looked once its own record is there.
    for (const hostname of ['web1', 'web2']) expect((await stopping(hostname)).warnings).toEqual([]);
  });

  it.each(['', '{', '{"pid":1}', 'x'.repeat(5_000)])('is not told from a damaged record (%#)', async (text) => {
    await killed(1_500);
    writeFileSync(path(), text);
    const { warnings } = await stopping();
    expect(warnings).toEqual([]);
  });
});

if (isPosix)
  it('trusts no folder that others may write to', async () => {
    await killed(1_500);
    chmodSync(folder, 0o777);
    const before = record();
    const { events, warnings } = started();
    events.emit('draining', { reason: 'SIGTERM' });
    await clock.advance(1_000);
    events.emit('stopped', { tookMs: 10, errors: [] });
    expect([record(), warnings]).toEqual([before, []]);
  });
