import type { ResolvedInstance } from '../contracts/resolved-instance.js';

/** Which service a saved snapshot is of. */
export interface SnapshotKey {
  /** The registry, by its name and endpoint. */
  readonly registry: string;
  readonly service: string;
  /** Undefined: the registry's own. */
  readonly datacenter: string | undefined;
}

/** What a process of this host has saved of a service that had instances. */
export interface SavedService {
  /** When the registry confirmed it, as wall time. */
  readonly savedAt: number;
  readonly instances: readonly ResolvedInstance[];
}
