/** What it takes to build a registry a second time, in a worker thread: one of this package by its kind, one of your own by its module. */
export type WorkerSpec = BuiltInWorkerSpec | ModuleWorkerSpec;

interface WorkerSpecOptions {
  /** Cloneable. */
  readonly options: object;
  /** Of a composition: its registries, which come before the options. */
  readonly members?: readonly WorkerSpec[];
  /** Options that are functions, by name: each is called in its own thread, and its result is posted. */
  readonly asks?: Readonly<Record<string, () => unknown>>;
}

/** A registry of this package, by the name of the function that makes it. */
export type BuiltInKind = 'consul' | 'etcd' | 'fallback' | 'file' | 'nearest' | 'redis';

export interface BuiltInWorkerSpec extends WorkerSpecOptions {
  readonly kind: BuiltInKind;
}

export interface ModuleWorkerSpec extends WorkerSpecOptions {
  /** URL of a module whose one export makes the registry: from `options`, or from the registries that `members` make and `options`. */
  readonly module: string;
}
