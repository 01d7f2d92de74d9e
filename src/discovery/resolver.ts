import { chooseRegistry } from '../backends/choose-registry.js';
import type { Logger } from '../contracts/logger.js';
import type { Registry } from '../contracts/registry.js';
import { registryFault } from '../contracts/registry-fault.js';
import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { ConfigError, StoppedError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import { lazyLogger } from '../telemetry/lazy-logger.js';
import { safeLogger } from '../telemetry/safe-logger.js';
import { readerOf } from './registry-reader.js';
import type { RegistryReader } from './registry-reader.js';
import { checkServiceOptions } from './service-options.js';
import type { ServiceOptions } from './service-options.js';
import { ServiceView } from './service-view.js';
import type { ResolvedService } from './resolved-service.js';
import type { SavedService, SnapshotKey } from './saved-service.js';
import type { ServiceWatch } from './service-watch.js';
import { SnapshotKeeper } from './snapshot-keeper.js';
import type { SnapshotFiles } from './snapshot-keeper.js';

/** How to read, and what to keep. */
export interface ResolverOptions {
  /** Where to read. Env: `SERVICE_REGISTRY`, which may be `dns` here. @default consul() */
  readonly registry?: Registry;
  /** Saves what is known, for other processes of this host and user and for the next start. @default not saved */
  readonly snapshot?: {
    /** The directory below which to save. @default the system's directory for temporary files */
    readonly dir?: string;
  };
  /** Where faults of listeners and of the disk are written; `false`: nowhere. @default pino, as for a Registrar */
  readonly logger?: Logger | false;
}

/** Watches services in a registry, and always has an answer. */
export interface Resolver {
  /**
   * The service, watched from now on. The same name and options give the same object. Throws `ConfigError` for wrong
   * options and `StoppedError` after `close()`.
   */
  service(name: string, options?: ServiceOptions): ResolvedService;
  /** Ends all watches; the last resolver of a registry closes it, unless a Registrar uses it. */
  close(): Promise<void>;
}

/** Starts nothing until the first `service()`. Throws `ConfigError` for wrong options. */
export function createResolver(options: ResolverOptions = {}): Resolver {
  return createResolverOn(systemClock, Math.random, options);
}

/** `createResolver()` with the clock and the chance as parameters. */
export function createResolverOn(clock: Clock, random: () => number, options: ResolverOptions = {}): Resolver {
  const issues = issuesOf(options);
  if (issues.length > 0) throw new ConfigError(issues);
  const { snapshot, logger = lazyLogger() } = options;
  const registry = chooseRegistry({ ...(options.registry && { registry: options.registry }) });
  return new RegistryResolver({
    reader: readerOf(registry, clock, random),
    clock,
    random,
    openStore: snapshot && storeIn(snapshot.dir, clock),
    logger: logger === false ? undefined : safeLogger(logger),
  });
}

function issuesOf({ registry, snapshot }: ResolverOptions): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const fault = registry === undefined ? undefined : registryFault(registry);
  if (fault !== undefined) issues.push({ field: 'registry', value: registry, allowed: fault });
  if (snapshot !== undefined && (typeof snapshot !== 'object' || snapshot === null))
    issues.push({ field: 'snapshot', value: snapshot, allowed: 'an object, e.g. { dir }' });
  const dir: unknown = snapshot?.dir;
  if (dir !== undefined && (typeof dir !== 'string' || dir === '' || dir.includes('\0')))
    issues.push({ field: 'snapshot.dir', value: dir, allowed: 'the path of a directory' });
  return issues;
}

/** Loads the store at first use, since its parts of Node would slow down every import. */
function storeIn(dir: string | undefined, clock: Clock): () => Promise<SnapshotFiles> {
  let opening: Promise<SnapshotFiles> | undefined;
  return () => (opening ??= import('./snapshot-store.js').then(({ SnapshotStore }) => new SnapshotStore(dir, clock)));
}

interface ResolverPlan {
  readonly reader: RegistryReader;
  readonly clock: Clock;
  readonly random: () => number;
  /** Undefined: nothing is saved. */
  readonly openStore: (() => Promise<SnapshotFiles>) | undefined;
  /** Undefined: nothing is written. */
  readonly logger: Logger | undefined;
}

class RegistryResolver implements Resolver {
  readonly #plan: ResolverPlan;
  readonly #views = new Map<string, ServiceView>();
  readonly #keepers = new Map<string, SharedKeeper>();
  #closing: Promise<void> | undefined;

  constructor(plan: ResolverPlan) {
    this.#plan = plan;
  }

  service(name: string, options: ServiceOptions = {}): ResolvedService {
    if (this.#closing !== undefined)
      throw new StoppedError(`The resolver is closed, so it cannot watch ${name}: create a new one to go on`, {
        operation: 'service',
      });
    const key = JSON.stringify([name, options]);
    const view = this.#views.get(key) ?? this.#watch(key, name, options);
    this.#views.set(key, view);
    return view;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const view of [...this.#views.values()]) view.close();
    await this.#plan.reader.release().catch(() => undefined);
  }

  #watch(key: string, name: string, options: ServiceOptions): ServiceView {
    const { reader, clock, random, logger } = this.#plan;
    const selection = checkServiceOptions(name, options);
    const { watch, release } = reader.watch(name, selection.datacenter);
    const kept = this.#keep(name, selection.datacenter, watch);
    return new ServiceView({
      name,
      selection,
      watch,
      clock,
      random,
      saved: kept.saved,
      onListenerError: (error, event) => {
        logger?.error({ service: name, event, err: error }, `${name}: a listener of ${event} threw: ${error.message}`);
      },
      onClose: () => {
        this.#views.delete(key);
        kept.release();
        release();
      },
    });
  }

  /** Reads and saves the service on disk, once for all views of it. */
  #keep(service: string, datacenter: string | undefined, watch: ServiceWatch): KeptService {
    const { reader, clock, openStore, logger } = this.#plan;
    if (openStore === undefined) return notKept;
    const key: SnapshotKey = { registry: reader.scope, service, datacenter };
    const slot = JSON.stringify(key);
    const onProblem = (problem: Error) => {
      logger?.warn(
        { service, err: problem },
        `${service}: the snapshot cannot be used, so a cold start without the registry would know nothing: ` +
          `${problem.message}; give \`snapshot.dir\` a directory that this process may write to`,
      );
    };
    const begin = (): SharedKeeper => {
      const keeper = new SnapshotKeeper({ key, watch, openStore, clock, onProblem });
      const saved = keeper.load().then((found) => {
        if (found !== undefined) watch.seed(found.instances);
        return found;
      });
      return { keeper, saved, users: 0 };
    };
    const shared = this.#keepers.get(slot) ?? begin();
    this.#keepers.set(slot, shared);
    shared.users += 1;
    const release = () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      this.#keepers.delete(slot);
      shared.keeper.close();
    };
    return { saved: shared.saved, release };
  }
}

interface SharedKeeper {
  readonly keeper: SnapshotKeeper;
  readonly saved: Promise<SavedService | undefined>;
  users: number;
}

interface KeptService {
  readonly saved: Promise<SavedService | undefined>;
  readonly release: () => void;
}

const notKept: KeptService = { saved: Promise.resolve(undefined), release: () => undefined };
