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
      message: 'orders: registered in consul as orders-1, 1.2s after the start',
    },
  ]);
});

it.each([
  ['10.0.0.7', 8080, 'orders: advertises 10.0.0.7, port 8080, because it is configured'],
  [undefined, undefined, "orders: advertises the address of the registry's agent, because it is configured"],
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
      'orders: heartbeat failed with 4s of the TTL left, retrying: connect ECONNREFUSED 127.0.0.1:8500',
      'orders: 21 heartbeats failed in 1m, still retrying: connect ECONNREFUSED 127.0.0.1:8500',
      'orders: 41 heartbeats failed in 2m, still retrying: connect ECONNREFUSED 127.0.0.1:8500',
      'orders: heartbeats are accepted again after 2m 30s',
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
      'orders: not registered yet, retrying: connect ECONNREFUSED 127.0.0.1:8500',
      'orders: registered in consul as orders-1, 1.2s after the start',
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
      'orders: registration lost, no heartbeat was accepted for a whole TTL; registering again unless `recover` is false',
      'orders: registered in file again after 2.5s',
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
    message:
      'orders: registration lost, the registry no longer has the entry (no such check); registering again unless `recover` is false',
  });
});

it.each([
  ['missing', 'the registry no longer has the entry'],
  ['expired', 'no heartbeat was accepted for a whole TTL'],
  ['denied', 'the registry refuses our credentials'],
  ['silent', 'the registry does not answer'],
  ['taken', 'another writer has replaced the entry'],
] as const)('tells why it is lost: %s', (cause, why) => {
  events.emit('lost', { cause });
  expect(log.messages).toEqual([`orders: registration lost, ${why}; registering again unless \`recover\` is false`]);
});

it('warns of an id that another holds, once an event', () => {
  events.emit('conflict', { error: new IdConflictError('the id orders-1 is taken', { proven: true, final: false }) });
  expect(log.lines).toEqual([
    {
      level: 'warn',
      fields: { service: 'orders', error: { code: 'ROLLCALL_ID_CONFLICT', message: 'the id orders-1 is taken' } },
      message: 'orders: not registered: the id orders-1 is taken',
    },
  ]);
});

it.each([
  [true, 'writing it again'],
  [false, "left as it is, because `drift` is 'report' or the last repair was less than a minute ago"],
])('warns of values that another writer changed, and whether they are repaired: %s', (repaired, outcome) => {
  register();
  log.lines.length = 0;
  events.emit('drift', { fields: ['tags', 'weights'], repaired });
  expect(log.lines).toEqual([
    {
      level: 'warn',
      fields: { service: 'orders', instance: 'orders-1', registry: 'consul', differing: ['tags', 'weights'], repaired },
      message: `orders: the registry entry was changed (tags, weights); ${outcome}`,
    },
  ]);
});

it('tells the way down', () => {
  register();
  log.lines.length = 0;
  events.emit('draining', { reason: 'SIGTERM' });
  events.emit('deregistered', { policy: 'deregister', confirmed: true, tookMs: 12, listedForMs: 0 });
  events.emit('stopped', { tookMs: 4_100, errors: [] });
  expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'info: orders: draining (SIGTERM); leaves the registry and serves until its traffic has gone',
    'info: orders: deregistered after 12ms',
    'info: orders: stopped after 4.1s',
  ]);
});

it.each([
  ['critical', true, "info: orders: out of traffic after 12ms (policy 'critical')"],
  [
    'maintenance',
    false,
    "warn: orders: policy 'maintenance' not confirmed; consul drops it when its TTL expires, in 7.4s",
  ],
  ['leave', false, "info: orders: stays in consul until its TTL expires, in 7.4s (policy 'leave')"],
] as const)('says what the policy %s has left (confirmed: %s)', (policy, confirmed, line) => {
  register();
  log.lines.length = 0;
  events.emit('deregistered', { policy, confirmed, tookMs: 12, listedForMs: confirmed ? 0 : 7_400 });
  expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([line]);
});

it('tells maintenance once when it begins and once when it ends', () => {
  events.emit('maintenance', { on: true, reason: 'rollcall: new disks' });
  events.emit('maintenance', { on: false, reason: 'ok' });
  expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'info: orders: in maintenance, so out of traffic: rollcall: new disks',
    'info: orders: maintenance ended',
  ]);
});

it.each([
  [7_400, 'consul drops it when its TTL expires, in 7.4s'],
  [0, 'consul has dropped it, since its TTL has expired'],
  [undefined, 'it was never registered, so it gets no traffic'],
])('says of a deregistration that was not confirmed when the TTL ends it (%s ms)', (listedForMs, consequence) => {
  register();
  log.lines.length = 0;
  events.emit('deregistered', { policy: 'deregister', confirmed: false, tookMs: 5_000, listedForMs });
  expect(log.lines).toMatchObject([{ level: 'warn', message: `orders: deregistration not confirmed; ${consequence}` }]);
});

it('names the registries that may get a critical entry after a stop', () => {
  register();
  log.lines.length = 0;
  const unreached = ['consul at 10.0.0.7', 'etcd'];
  events.emit('deregistered', { policy: 'deregister', confirmed: true, tookMs: 12, listedForMs: 0, unreached });
  expect(log.lines).toMatchObject([
    {
      message:
        'orders: deregistered after 12ms; consul at 10.0.0.7 and etcd gave no answer: what was sent there may arrive ' +
        'later, as a critical entry until it is reaped',
    },
  ]);
});

it('names every error of a stop in the message', () => {
  events.emit('stopped', { tookMs: 9_000, errors: [down, new Error('hook')] });
  expect(log.lines).toMatchObject([
    {
      level: 'warn',
      message: `orders: stopped after 9s with 2 errors: ${down.message}; hook`,
      fields: { errors: [{ code: 'ROLLCALL_REGISTRY_UNAVAILABLE', message: down.message }, { message: 'hook' }] },
    },
  ]);
});

it('tells a failure as an error and a warning with the service it is about', () => {
  events.emit('failed', { error: new RegistryRejectedError('Invalid service name') });
  events.emit('warning', { message: 'DNS cannot carry the name' });
  expect(log.lines).toMatchObject([
    {
      level: 'error',
      fields: { error: { code: 'ROLLCALL_REGISTRY_REJECTED' } },
      message: 'orders: gave up on its registration, since no retry can succeed: Invalid service name',
    },
    { level: 'warn', fields: { service: 'orders' }, message: 'orders: DNS cannot carry the name' },
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
