/** A probe the registry makes by itself, beside the heartbeat. */
export type RegistryCheck = ProbePace &
  (
    | { readonly kind: 'http'; readonly url: string; readonly tls?: CheckTls }
    | { readonly kind: 'tcp'; readonly target: string }
    | { readonly kind: 'grpc'; readonly target: string; readonly tls: boolean }
  );

/** How the registry takes the certificate of an https server that it probes. */
export interface CheckTls {
  /** The name that it has to carry, if that is not the host of the URL. */
  readonly serverName?: string;
  /** Any will do. */
  readonly skipVerify?: boolean;
}

interface ProbePace {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The registry itself has seen it pass in this life: written again after a loss it starts passing, not critical until the next probe. */
  readonly seenPassing?: boolean;
}

/** How often a registry hands this instance out relative to its siblings (Consul DNS SRV weights). */
export interface Weights {
  readonly passing: number;
  readonly warning: number;
}

/** What is written in a registry: one instance of a service. */
export interface ServiceInstance {
  readonly name: string;
  readonly id: string;
  /** Host or IP to reach it by; absent: the registry fills in the address of the agent's own host. */
  readonly address?: string;
  /** Absent for a service that listens on nothing. */
  readonly port?: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly weights?: Weights;
  /** Consul Enterprise namespace. */
  readonly namespace?: string;
  /** Consul Enterprise admin partition. */
  readonly partition?: string;
  /** Random value of this incarnation: tells us from a namesake, a successor or our own past. */
  readonly nonce: string;
  /** How long the entry counts as healthy after a heartbeat. */
  readonly ttlMs: number;
  readonly checks: readonly RegistryCheck[];
  /** How long it may stay critical before the registry removes it; absent: for ever. */
  readonly deregisterCriticalAfterMs?: number;
}

/** What names an entry in a registry. */
export interface InstanceKey {
  readonly name: string;
  readonly id: string;
  readonly namespace?: string;
  readonly partition?: string;
  /** When given, only an entry of this very incarnation is meant. */
  readonly nonce?: string;
}

/** The key of an instance, bound to its incarnation. */
export function keyOf(instance: ServiceInstance): InstanceKey & { readonly nonce: string } {
  const { name, id, namespace, partition, nonce } = instance;
  return {
    name,
    id,
    nonce,
    ...(namespace !== undefined && { namespace }),
    ...(partition !== undefined && { partition }),
  };
}
