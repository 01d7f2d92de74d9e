import { beforeEach, describe, expect, it } from 'vitest';
import {
  IdConflictError,
  RegistrationLostError,
  RegistryRejectedError,
  RegistryUnavailableError,
} from '../../../src/core/errors.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { Events } from '../../../src/telemetry/events.js';
import { logEvents } from '../../../src/telemetry/log.js';
import { FakeClock } from '../../support/fake-clock.js';
import { MemoryLogger } from './memory-logger.js';

const instance = { name: 'orders', id: 'orders-1' } as ServiceInstance;
const down = new RegistryUnavailableError('connect ECONNREFUSED 127.0.0.1:8500', { cause: { token: 'secret' } });

let clock: FakeClock;
let events: Events;
let log: MemoryLogger;
let off: () => void;

beforeEach(() => {
  clock = new FakeClock();
  events = new Events((error) => {
    throw error;
  });
  log = new MemoryLogger();
  off = logEvents(events, log, { service: 'orders' }, clock);
});

const register = () => {
  events.emit('registered', { instance, holder: 'consul', afterMs: 1_200 });
};
const beat = () => {
  events.emit('beat', { status: 'passing', tookMs: 2, ttlMs: 10_000, marginMs: 6_000 });
};
let failedSince = 0;
const miss = (inRow = 1) => {
  if (inRow === 1) failedSince = clock.now();
  events.emit('beatMissed', { error: down, inRow, outageMs: clock.now() - failedSince, marginMs: 4_000 });
};

/** A failed beat every 3 s. */
const missFor = async (ms: number) => {
  for (let inRow = 1; inRow <= ms / 3_000; inRow += 1) {
    miss(inRow);
    await clock.advance(3_000);
  }
};

it('tells a registration with who and where', () => {
  register();
  expect(log.lines).toEqual([
    {
      level: 'info',
      fields: { service: 'orders', instance: 'orders-1', registry: 'consul', afterMs: 1_200 },
      message: 'orders is registered in consul as orders-1, 1.2s after its start',
    },
  ]);
});

it.each([
  ['10.0.0.7', 8080, 'orders will be found at 10.0.0.7, port 8080: it is configured'],
  [undefined, undefined, "orders will be found at its agent's address: it is configured"],
])('tells where it will be found, and why, with every candidate (%s, %s)', (address, port, message) => {
  const candidates = [
    { address: 'x', source: 'pod', chosen: false, reason: 'it is no IP' },
    { address, source: 'configured', chosen: true, reason: 'it is configured' },
  ] as const;
  events.emit('address', { address, port, candidates });
  expect(log.lines).toEqual([{ level: 'info', fields: { service: 'orders', address, port, candidates }, message }]);
});

it('writes nothing for beats, health and states as long as all is well', () => {
  register();
  log.lines.length = 0;
  for (let count = 0; count < 100; count += 1) beat();
  events.emit('health', { status: 'warning', reason: 'warning: disk warning', degraded: false, components: [] });
  events.emit('state', { from: 'registering', to: 'registered' });
  expect(log.lines).toEqual([]);
});

describe('an outage', () => {
  it('is told at its first failure, once a minute while it lasts, and at its end with its duration', async () => {
    register();
    log.lines.length = 0;
    await missFor(150_000);
    beat();
    beat();
    expect(log.messages).toEqual([
      'a heartbeat of orders failed with 4s of its TTL left, trying again: connect ECONNREFUSED 127.0.0.1:8500',
      'orders: 21 heartbeats have failed in 1m, still trying: connect ECONNREFUSED 127.0.0.1:8500',
      'orders: 41 heartbeats have failed in 2m, still trying: connect ECONNREFUSED 127.0.0.1:8500',
      'heartbeats of orders are accepted again after 2m 30s',
    ]);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn', 'info']);
    expect(log.lines[1]?.fields).toMatchObject({ misses: 21, outageMs: 60_000 });
    expect(log.lines[3]?.fields).toMatchObject({ misses: 50, outageMs: 150_000 });
  });

  it('is told anew when another one follows', async () => {
    register();
    miss();
    beat();
    await clock.advance(1_000);
    log.lines.length = 0;
    miss();
    expect(log.messages).toHaveLength(1);
  });

  it('before the first registration ends with that, in one line', async () => {
    await missFor(6_000);
    beat();
    register();
    beat();
    expect(log.messages).toEqual([
      'orders could not be registered yet, trying on: connect ECONNREFUSED 127.0.0.1:8500',
      'orders is registered in consul as orders-1, 1.2s after its start',
    ]);
    expect(log.lines[1]?.fields).toMatchObject({ misses: 2 });
  });

  it('that cost the registration ends with the recovery, in one line', async () => {
    register();
    log.lines.length = 0;
    await missFor(12_000);
    events.emit('lost', { cause: 'expired' });
    beat();
    events.emit('recovered', { cause: 'expired', holder: 'file', afterMs: 2_500 });
    beat();
    expect(log.messages.slice(1)).toEqual([
      'orders is no longer listed: no heartbeat was accepted for a whole TTL; registering it again',
      'orders is listed in file again after 2.5s',
    ]);
    expect(log.lines.at(-1)).toMatchObject({
      level: 'info',
      fields: { registry: 'file', misses: 4, cause: 'expired' },
    });
  });
});

it('tells a loss with what the registry said', () => {
  register();
  events.emit('lost', { cause: 'missing', error: new RegistrationLostError('no such check') });
  expect(log.lines.at(-1)).toEqual({
    level: 'warn',
    fields: {
      service: 'orders',
      instance: 'orders-1',
      registry: 'consul',
      cause: 'missing',
      error: { code: 'ROLLCALL_REGISTRATION_LOST', message: 'no such check' },
    },
    message: 'orders is no longer listed: the registry no longer holds it; registering it again',
  });
});

it.each([
  ['missing', 'the registry no longer holds it'],
  ['expired', 'no heartbeat was accepted for a whole TTL'],
  ['taken', 'something else has written over its entry'],
] as const)('tells why it is lost: %s', (cause, why) => {
  events.emit('lost', { cause });
  expect(log.messages).toEqual([`orders is no longer listed: ${why}; registering it again`]);
});

it('warns of an id that another holds, once an event', () => {
  events.emit('conflict', { error: new IdConflictError('the id orders-1 is taken', { proven: true, final: false }) });
  expect(log.lines).toEqual([
    {
      level: 'warn',
      fields: { service: 'orders', error: { code: 'ROLLCALL_ID_CONFLICT', message: 'the id orders-1 is taken' } },
      message: 'orders is kept from its id: the id orders-1 is taken',
    },
  ]);
});

it.each([
  [true, 'they are written again'],
  [false, 'they are left as they are'],
])('warns of values that somebody else changed, and whether they are repaired: %s', (repaired, outcome) => {
  register();
  log.lines.length = 0;
  events.emit('drift', { fields: ['tags', 'weights'], repaired });
  expect(log.lines).toEqual([
    {
      level: 'warn',
      fields: { service: 'orders', instance: 'orders-1', registry: 'consul', differing: ['tags', 'weights'], repaired },
      message: `the registry holds other values of orders than were written (tags, weights): ${outcome}`,
    },
  ]);
});

it('tells the way down', () => {
  register();
  log.lines.length = 0;
  events.emit('draining', { reason: 'SIGTERM' });
  events.emit('deregistered', { policy: 'deregister', confirmed: true, tookMs: 12 });
  events.emit('stopped', { tookMs: 4_100, errors: [] });
  expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'info: orders is leaving the registry and drains: SIGTERM',
    'info: orders is out of the registry after 12ms',
    'info: orders has stopped after 4.1s',
  ]);
});

it.each([
  ['critical', true, 'info: orders is out of traffic after 12ms'],
  ['maintenance', false, 'warn: orders could not be seen to be out of traffic; its TTL will take it out'],
  ['leave', false, 'info: orders stays in the registry until its TTL takes it out of traffic'],
] as const)('says what the policy %s has left (confirmed: %s)', (policy, confirmed, line) => {
  events.emit('deregistered', { policy, confirmed, tookMs: 12 });
  expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([line]);
});

it('tells maintenance once when it begins and once when it ends', () => {
  events.emit('maintenance', { on: true, reason: 'rollcall: new disks' });
  events.emit('maintenance', { on: false, reason: 'ok' });
  expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'info: orders is out of traffic: rollcall: new disks',
    'info: orders is back from its maintenance',
  ]);
});

it('warns of an absence that could not be seen, and of errors on the way down', () => {
  events.emit('deregistered', { policy: 'deregister', confirmed: false, tookMs: 5_000 });
  events.emit('stopped', { tookMs: 9_000, errors: [down, new Error('hook')] });
  expect(log.lines).toMatchObject([
    { level: 'warn', message: 'orders could not be seen to be out of the registry; its TTL will take it out' },
    {
      level: 'warn',
      fields: { errors: [{ code: 'ROLLCALL_REGISTRY_UNAVAILABLE', message: down.message }, { message: 'hook' }] },
    },
  ]);
});

it('tells a failure as an error and a warning as it is', () => {
  events.emit('failed', { error: new RegistryRejectedError('Invalid service name') });
  events.emit('warning', { message: 'DNS cannot carry the name' });
  expect(log.lines).toMatchObject([
    {
      level: 'error',
      fields: { error: { code: 'ROLLCALL_REGISTRY_REJECTED' } },
      message: 'orders has given up on being registered; no retry can mend this: Invalid service name',
    },
    { level: 'warn', fields: { service: 'orders' }, message: 'DNS cannot carry the name' },
  ]);
});

it('writes nothing of an error but its code and message', () => {
  miss();
  events.emit('lost', { cause: 'missing', error: down });
  events.emit('failed', { error: down });
  events.emit('stopped', { tookMs: 1, errors: [down] });
  expect(log.lines).toHaveLength(4);
  expect(JSON.stringify(log.lines)).not.toMatch(/secret|stack|cause":\{/);
});

it('ends when told to', () => {
  off();
  register();
  miss();
  expect(log.lines).toEqual([]);
});
