/**
 * The source of an address. `configured`: `address` or `SERVICE_ADDRESS`; `docker`: the host address of the published
 * port; `pod`, `nomad`: the platform's variables; `bound`: the address that the server listens on; `route`: the
 * source address of packets to the registry; `registry`: the agent fills in its own; `interface`: a network interface
 * of the machine.
 */
export type AddressSource = 'configured' | 'docker' | 'pod' | 'nomad' | 'bound' | 'route' | 'registry' | 'interface';

/** An address by which others might reach the instance, and whether it was chosen. */
export interface AddressCandidate {
  /** Undefined: the registry fills in its own host's. */
  readonly address: string | undefined;
  readonly source: AddressSource;
  /** True for exactly one candidate. */
  readonly chosen: boolean;
  /** Why it was chosen or not, for people. */
  readonly reason: string;
}
