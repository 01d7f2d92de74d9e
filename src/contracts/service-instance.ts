/** A check that the registry runs by itself, beside the heartbeat. */
export type RegistryCheck = ProbePace &
  (
    | { readonly kind: 'http'; readonly url: string; readonly tls?: CheckTls }
    | { readonly kind: 'tcp'; readonly target: string }
    | { readonly kind: 'grpc'; readonly target: string; readonly tls: boolean }
  );

/** How the registry verifies the certificate of an https server that it probes. */
export interface CheckTls {
  /** The name that the certificate must carry, if it is not the URL's host. */
  readonly serverName?: string;
  /** Accept any certificate. */
  readonly skipVerify?: boolean;
}

interface ProbePace {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /**
   * The registry has seen it pass in this incarnation: rewritten after a loss, it starts as passing instead of
   * critical.
   */
  readonly seenPassing?: boolean;
}

/** The share of traffic relative to the sibling instances (Consul's DNS SRV weights). */
export interface Weights {
  readonly passing: number;
  readonly warning: number;
}

/** One instance of a service as written in a registry. */
export interface ServiceInstance {
  readonly name: string;
  readonly id: string;
  /** Host or IP of the instance; absent: the registry fills in the agent's own host. */
  readonly address?: string;
  /** Absent for a service without a port. */
  readonly port?: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly weights?: Weights;
  /** Consul Enterprise namespace. */
  readonly namespace?: string;
  /** Consul Enterprise admin partition. */
  readonly partition?: string;
  /** Random value of this incarnation; distinguishes it from other instances and from earlier or later incarnations. */
  readonly nonce: string;
  /** How long the entry stays healthy after a heartbeat. */
  readonly ttlMs: number;
  readonly checks: readonly RegistryCheck[];
  /** How long the entry may stay critical before the registry removes it; absent: for ever. */
  readonly deregisterCriticalAfterMs?: number;
}

/** Identifies an entry in a registry. */
export interface InstanceKey {
  readonly name: string;
  readonly id: string;
  readonly namespace?: string;
  readonly partition?: string;
  /** When given, only the entry of this incarnation is meant. */
  readonly nonce?: string;
  /**
   * How long the entry lives without a heartbeat: within it, a chain passes over a registry that does not answer. Of an
   * entry to remove: given where the registry answers late, so that one that was just seen to be ours needs no look.
   */
  readonly ttlMs?: number;
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
