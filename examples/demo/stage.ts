import type { Registry } from 'rollcall';

/** The registry of the demo, with direct access to it, bypassing rollcall. */
export interface Stage {
  /** Its kind and location, e.g. `Consul 1.20.0 at http://127.0.0.1:8500`. */
  readonly title: string;
  readonly registry: Registry;
  /** Describes the entry in the registry; undefined when there is none. */
  readBack(name: string, id: string): Promise<string | undefined>;
  /** Removes the entry without the service. */
  takeAway(name: string, id: string): Promise<void>;
  /** Kills the registry and starts it again, empty; absent unless the demo has started it. */
  restart?(): Promise<void>;
  close(): Promise<void>;
}
