/** Others that find and call instances. */
export type PeerName = 'grpc' | 'balancedPool' | 'moleculer' | 'resilientConsul' | 'consulWatch';

/** `oursAgain`: the same once more, in a process of its own, which shows the noise. */
export type ContenderName = 'ours' | 'oursAgain' | PeerName;

export const peerNames: readonly PeerName[] = ['grpc', 'balancedPool', 'moleculer', 'resilientConsul', 'consulWatch'];
export const contenderNames: readonly ContenderName[] = ['ours', 'oursAgain', ...peerNames];

/** Where a contender finds its instances. */
export interface PeerWorld {
  readonly service: string;
  readonly consulUrl: string;
  /** Of the same agent. */
  readonly dnsPort: number;
  /** Each instance has an address of its own, and all have these ports. */
  readonly httpPort: number;
  readonly grpcPort: number;
}

/** A way of finding instances and calling them. What it cannot do is missing. */
export interface Contender {
  /** Chooses an instance for a call and ends that call at once, where both are counted. */
  readonly pick?: () => unknown;
  /** Rejects when the call failed, whatever was tried. */
  readonly call?: () => Promise<unknown>;
  /** How many instances it knows. */
  readonly count?: () => number;
  readonly close: () => Promise<unknown>;
}

/** Sent with each call, so that the servers can tell the callers apart. */
export const CALLER_HEADER = 'x-caller';

/** How long an attempt may take. */
export const ATTEMPT_MS = 500;

/** The service that the same instances serve by gRPC. */
export function grpcService(service: string): string {
  return `${service}-grpc`;
}
