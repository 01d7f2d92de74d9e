import type { Registry } from 'rollcall';

/** Where the demo plays: a registry, and what can be seen and done there without rollcall. */
export interface Stage {
  /** What it is and where, e.g. `Consul 1.20.0 at http://127.0.0.1:8500`. */
  readonly title: string;
  readonly registry: Registry;
  /** What the registry itself says about the instance; undefined: it has no such entry. */
  readBack(name: string, id: string): Promise<string | undefined>;
  /** Removes the entry behind the service's back. */
  takeAway(name: string, id: string): Promise<void>;
  /** Kills the registry and starts it again, empty; only where it was started for the demo. */
  restart?(): Promise<void>;
  close(): Promise<void>;
}
