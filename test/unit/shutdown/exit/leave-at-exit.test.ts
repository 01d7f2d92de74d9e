import { describe, expect, it } from 'vitest';
import type { Departure, DepartureRequest } from '../../../../src/contracts/departure.js';
import type { ShutdownPolicy } from '../../../../src/contracts/policies.js';
import type { HeartbeatHandle } from '../../../../src/heartbeat/heartbeat-handle.js';
import { Events } from '../../../../src/telemetry/events.js';
import type { PlannedDeparture } from '../../../../src/shutdown/exit/depart.js';
import type { ExitHandler, Leave } from '../../../../src/shutdown/exit/exit-handler.js';
import { leaveAtExit } from '../../../../src/shutdown/exit/leave-at-exit.js';
import type { ExitPlan } from '../../../../src/shutdown/exit/leave-at-exit.js';

const departure: Departure = { kind: 'local', run: () => undefined };
const desired = { id: 'orders-1', nonce: 'a' };
const written = { id: 'orders-1', nonce: 'a', tags: ['as written'] };

interface Situation {
  readonly policy?: ShutdownPolicy;
  readonly state?: string;
  /** How long ago the last heartbeat was accepted; undefined: none yet. */
  readonly beatAgoMs?: number | undefined;
  readonly registered?: boolean;
  readonly shared?: boolean;
  /** What the worker thread says: that it has left, or that its heartbeat was over. */
  readonly worker?: boolean;
}

function registrar({
  policy = 'deregister',
  state = 'registered',
  beatAgoMs = 100,
  registered = true,
  shared,
  worker,
}: Situation) {
  const leaves = new Set<Leave>();
  const subscribe = (leave: Leave) => {
    leaves.add(leave);
    return () => leaves.delete(leave);
  };
  const events = new Events(() => undefined);
  const warnings: string[] = [];
  events.on('warning', ({ message }) => warnings.push(message));
  const requests: DepartureRequest[] = [];
  const askedWorker: string[] = [];
  const heartbeat = {
    instance: desired,
    active: registered ? { instance: written, beatAt: 10_000 - beatAgoMs } : undefined,
    ...(worker !== undefined && {
      leaveAtExit: (how: string) => {
        askedWorker.push(how);
        return () => worker;
      },
    }),
  };
  const plan = {
    exitHandler: { subscribe } as unknown as ExitHandler,
    config: { policy, intervalMs: 3_000, ttlMs: 9_000 },
    registry: {
      ...(shared && { handedOver: false }),
      departures: (request: DepartureRequest) => {
        requests.push(request);
        return [departure];
      },
    },
    clock: { now: () => 10_000 },
    events,
    machine: { state },
    heartbeat: () => (state === 'waiting' ? undefined : (heartbeat as unknown as HeartbeatHandle)),
  } as unknown as ExitPlan;
  leaveAtExit(plan);
  const exit = (): PlannedDeparture[] => [...leaves].flatMap((leave) => leave()(() => 1_000));
  return { exit, events, requests, warnings, askedWorker };
}

describe('an exit', () => {
  it('leaves nothing when the stop was over before this part was loaded', () => {
    expect(registrar({ state: 'stopped' }).exit()).toEqual([]);
  });

  it('leaves as the policy has it, without a look while heartbeats are accepted on time', () => {
    const { exit, requests } = registrar({ policy: 'maintenance' });
    expect(exit()).toEqual([{ departure, isCurrent: true }]);
    expect(requests).toEqual([{ instance: written, policy: 'maintenance', freshMs: 3_000 }]);
  });

  it.each([
    ['whose last heartbeat is too long ago', { beatAgoMs: 4_600 }],
    ['that recovers', { state: 'recovering' }],
    ['that a stop has not left yet', { state: 'draining' }],
  ])('of one %s looks first', (_, situation) => {
    expect(registrar(situation).exit()).toEqual([{ departure, isCurrent: false }]);
  });

  it('while registering removes what may be there, whatever the policy', () => {
    const { exit, requests } = registrar({ state: 'registering', registered: false, policy: 'leave' });
    expect(exit()).toEqual([{ departure, isCurrent: false }]);
    expect(requests).toMatchObject([{ instance: desired, policy: 'deregister' }]);
  });

  it.each([
    ['under policy leave', { policy: 'leave' }],
    ['before there is anything to register', { state: 'waiting' }],
    ['after a failure', { state: 'failed' }],
    ['of a worker of a cluster, whose entry the others keep', { shared: true }],
  ] as const)('%s is none of ours', (_, situation) => {
    expect(registrar(situation).exit()).toEqual([]);
  });

  it('waits for the thread that beats, and leaves itself where that had ended', () => {
    const left = registrar({ worker: true, policy: 'critical' });
    expect([left.exit(), left.askedWorker]).toEqual([[], ['critical']]);
    expect(registrar({ worker: false }).exit()).toEqual([{ departure, isCurrent: true }]);
  });

  it('is none of ours once a stop has left the registry for sure, or is over', () => {
    const { exit, events } = registrar({ state: 'draining' });
    const deregistered = { policy: 'deregister', tookMs: 1, listedForMs: undefined } as const;
    events.emit('deregistered', { ...deregistered, confirmed: false });
    expect(exit()).toHaveLength(1);
    events.emit('deregistered', { ...deregistered, confirmed: true });
    expect(exit()).toEqual([]);
    const stopped = registrar({});
    stopped.events.emit('stopped', { tookMs: 1, errors: [] });
    expect(stopped.exit()).toEqual([]);
  });

  it('of the main thread is seen, so nothing is warned of', () => {
    expect(registrar({}).warnings).toEqual([]);
  });
});
