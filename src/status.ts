import type { Clock } from './core/clock.js';
import type { ErrorCode, RegistrarError } from './core/errors.js';
import { presented } from './core/presented.js';
import type { Health } from './contracts/health-report.js';
import type { BeatThread } from './contracts/policies.js';
import type { HeartbeatHandle } from './heartbeat/heartbeat-handle.js';
import { marginMs } from './heartbeat/schedule.js';
import type { AddressCandidate } from './contracts/address-candidate.js';
import type { ServiceInstance } from './contracts/service-instance.js';
import type { RegistrarState } from './contracts/registrar-state.js';
import type { MemberFigures } from './contracts/composed-registry.js';
import type { GuardedRegistry } from './registries/guarded-registry.js';
import type { TrafficFigures } from './server/traffic.js';

/** Everything worth showing of a Registrar; plain data, safe to print. Times are milliseconds. */
export interface RegistrarStatus {
  readonly state: RegistrarState;
  readonly name: string;
  readonly id: string | undefined;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly registry: string;
  /** The registry that holds the entry now. */
  readonly holder: string | undefined;
  /** How many registries of the chain are preferred to the holder; 0 without a chain. */
  readonly level: number;
  /** The registries of a chain, the preferred one first; empty for a single one. */
  readonly members: readonly MemberFigures[];
  /** Where heartbeats come from; undefined before the first. */
  readonly thread: BeatThread | undefined;
  readonly health: Health;
  /** Time since the last accepted heartbeat was sent. */
  readonly lastBeatAgoMs: number | undefined;
  /** Time left until the TTL expires. */
  readonly marginMs: number | undefined;
  readonly missedInRow: number;
  /**
   * Why the instance is not listed yet, why the latest heartbeat or attempt to register failed, or why the Registrar
   * gave up; undefined while heartbeats are accepted.
   */
  readonly trouble: { readonly code: ErrorCode; readonly message: string } | undefined;
  readonly requestsInFlight: number;
  /** What the start, a recovery or a stop waits for, for people; undefined while none is under way. */
  readonly waitingFor: string | undefined;
  /**
   * Every address that was considered, in order of preference, and why it was chosen or not; empty until the server
   * listens.
   */
  readonly addressCandidates: readonly AddressCandidate[];
  /** How the address and port were chosen, and what else deserves attention. */
  readonly notes: readonly string[];
}

/** What a status is made from. */
export interface StatusSources {
  readonly clock: Clock;
  readonly state: RegistrarState;
  readonly name: string;
  readonly instance: ServiceInstance | undefined;
  readonly registry: Pick<GuardedRegistry, 'name' | 'members'>;
  readonly health: Health;
  readonly heartbeat: HeartbeatHandle | undefined;
  readonly traffic: TrafficFigures | undefined;
  readonly waitingFor: string | undefined;
  /** What keeps it from being listed, or the error that no retry can mend. */
  readonly problem: RegistrarError | undefined;
  readonly addressCandidates: readonly AddressCandidate[];
  readonly notes: readonly string[];
}

/** The public picture of one Registrar. */
export function statusOf({
  clock,
  state,
  name,
  instance,
  registry,
  health,
  heartbeat,
  traffic,
  waitingFor,
  problem,
  addressCandidates,
  notes,
}: StatusSources): RegistrarStatus {
  const active = heartbeat?.active;
  const now = clock.now();
  return presented({
    state,
    name,
    id: instance?.id,
    address: instance?.address,
    port: instance?.port,
    registry: registry.name,
    holder: active?.registration.holder(),
    level: active?.registration.level?.() ?? 0,
    members: (heartbeat ?? registry).members ?? [],
    thread: heartbeat?.thread,
    health,
    lastBeatAgoMs: active && Math.round(now - active.beatAt),
    marginMs: active && Math.max(0, Math.round(marginMs(active, now))),
    missedInRow: heartbeat?.missedInRow ?? 0,
    trouble: problem && { code: problem.code, message: problem.message },
    requestsInFlight: traffic?.inFlight ?? 0,
    waitingFor,
    addressCandidates,
    notes,
  });
}
