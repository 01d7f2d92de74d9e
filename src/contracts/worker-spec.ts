/** How a worker thread builds the same registry: one of this package by its kind, a user's own by its module. */
export type WorkerSpec = BuiltInWorkerSpec | ModuleWorkerSpec;

interface WorkerSpecOptions {
  /** Options of the factory; structured-cloneable. */
  readonly options: object;
  /** For a composition: its registries, passed before the options. */
  readonly members?: readonly WorkerSpec[];
  /** Options that are functions, by name: each runs in its own thread, and its result is posted to the worker. */
  readonly asks?: Readonly<Record<string, () => unknown>>;
}

/** A registry of this package, by the name of the function that makes it. */
export type BuiltInKind = 'consul' | 'etcd' | 'fallback' | 'file' | 'nearest' | 'redis';

export interface BuiltInWorkerSpec extends WorkerSpecOptions {
  readonly kind: BuiltInKind;
}

export interface ModuleWorkerSpec extends WorkerSpecOptions {
  /**
   * URL of a module whose only export makes the registry from `options`, or from the registries of `members` and
   * `options`.
   */
  readonly module: string;
}
