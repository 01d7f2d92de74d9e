import type { DiscoveredInstance } from './discovery.js';

/** An instance, with what a caller needs to reach it. */
export type ResolvedInstance = DiscoveredInstance & {
  /** Scheme, host and port for a request, e.g. `http://10.0.0.7:3000`; absent without an address or a port. */
  readonly origin?: string;
  /** Where it runs, as its meta says; compare it with one's own. */
  readonly zone?: string;
  /** For `https` origins. */
  readonly tls?: {
    /** The name that the certificate carries, where that is not the address. */
    readonly serverName: string;
  };
};

/** The meta keys by which an instance describes itself to its callers. */
export const metaKeys = { scheme: 'scheme', zone: 'zone', serverName: 'tls_server_name' } as const;
