/**
 * Who proposes an address. `configured`: `address` or `SERVICE_ADDRESS`; `docker`: what the port is published on; `pod`, `nomad`:
 * variables of the platform; `bound`: what the server listens on; `route`: what packets to the registry carry as their source;
 * `registry`: the agent fills in its own; `interface`: what the machine has.
 */
export type AddressSource = 'configured' | 'docker' | 'pod' | 'nomad' | 'bound' | 'route' | 'registry' | 'interface';

/** An address that others might reach us by, and what became of it. */
export interface AddressCandidate {
  /** Undefined: the registry fills in that of its own host. */
  readonly address: string | undefined;
  readonly source: AddressSource;
  /** One of all candidates is. */
  readonly chosen: boolean;
  /** Why it was chosen, or why not; for a person. */
  readonly reason: string;
}
