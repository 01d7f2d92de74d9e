import type { Credentials } from '../contracts/credentials.js';
import type { Departure, DepartureRequest } from '../contracts/departure.js';
import type { Discovery } from '../contracts/discovery.js';
import type { HealthReport } from '../contracts/health-report.js';
import type {
  Deadlines,
  Entry,
  Presence,
  Receipts,
  Registration,
  Registry,
  RegistryEndpoint,
  RegistryTraits,
} from '../contracts/registry.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { WorkerSpec } from '../contracts/worker-spec.js';
import { CloseGuard } from './close-guard.js';

/**
 * A backend whose verbs reject after its `close()`, for code that uses a registry without a Registrar. The backend
 * itself only frees its resources.
 */
export class ClosableRegistry implements Registry {
  readonly name: string;
  readonly traits: RegistryTraits;
  readonly endpoint: RegistryEndpoint | undefined;
  readonly warnings: readonly string[];
  readonly deadlines?: Deadlines;
  readonly credentials: Credentials | undefined;
  readonly discovery: Discovery | undefined;
  readonly prepare?: NonNullable<Registry['prepare']>;
  readonly maintain: Registry['maintain'];
  readonly #backend: Registry;
  readonly #guard: CloseGuard;

  constructor(backend: Registry) {
    const { name, traits, endpoint, warnings = [], deadlines, credentials, discovery } = backend;
    const prepare = backend.prepare?.bind(backend);
    const maintain = backend.maintain?.bind(backend);
    this.#backend = backend;
    this.#guard = new CloseGuard(name);
    this.name = name;
    this.traits = traits;
    this.endpoint = endpoint;
    this.warnings = warnings;
    if (deadlines !== undefined) this.deadlines = deadlines;
    this.credentials = credentials;
    const find = discovery?.find?.bind(discovery);
    const hasLeader = discovery?.hasLeader?.bind(discovery);
    const watch = discovery?.watch?.bind(discovery);
    this.discovery = discovery && {
      traits: discovery.traits,
      poll: (service, cursor, signal, options) =>
        this.#guard.run('discover', signal, () => discovery.poll(service, cursor, signal, options)),
      ...(find && { find: (key, signal) => this.#guard.run('discover', signal, () => find(key, signal)) }),
      ...(hasLeader && { hasLeader: (signal) => this.#guard.run('discover', signal, () => hasLeader(signal)) }),
      feeds: discovery.feeds?.map((feed) => ({
        poll: (cursor, signal) => this.#guard.run('discover', signal, () => feed.poll(cursor, signal)),
      })),
      ...(watch && {
        watch: (services, onNews, signal) => this.#guard.run('discover', signal, () => watch(services, onNews, signal)),
      }),
    };
    if (prepare !== undefined)
      this.prepare = (instance, signal) => this.#guard.run('register', signal, () => prepare(instance, signal));
    this.maintain =
      maintain && ((key, reason, signal) => this.#guard.run('maintain', signal, () => maintain(key, reason, signal)));
  }

  get receipts(): Receipts | undefined {
    return this.#backend.receipts;
  }

  /** A getter, so that printing the registry does not print its secrets. */
  get workerSpec(): WorkerSpec | undefined {
    return this.#backend.workerSpec;
  }

  read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    return this.#guard.run('read', signal, () => this.#backend.read(key, signal));
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const register = () => this.#backend.register(instance, report, signal);
    return this.#guarded(await this.#guard.run('register', signal, register));
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#guard.run('remove', signal, () => this.#backend.remove(key, signal));
  }

  departures(request: DepartureRequest): readonly Departure[] {
    this.#guard.assertOpen('leave at the exit');
    return this.#backend.departures?.(request) ?? [];
  }

  async close(): Promise<void> {
    this.#guard.close();
    await this.#backend.close();
  }

  #guarded(inner: Registration): Registration {
    const guard = this.#guard;
    const changed = inner.changed?.bind(inner);
    const { presence } = inner;
    return {
      holder: () => inner.holder(),
      hasStaleCredentials: () => inner.hasStaleCredentials?.() ?? false,
      renew: (report, signal) => guard.run('renew', signal, () => inner.renew(report, signal)),
      deregister: (signal) => guard.run('deregister', signal, () => inner.deregister(signal)),
      ...(changed && { changed: (signal: AbortSignal) => guard.run('changed', signal, () => changed(signal)) }),
      ...(presence && { presence: guardedPresence(presence, guard) }),
    };
  }
}

function guardedPresence(presence: Presence, guard: CloseGuard): Presence {
  return {
    // Computed only when it is needed, because the digest is expensive.
    get place() {
      return presence.place;
    },
    present: (keys, signal) => guard.run('list', signal, () => presence.present(keys, signal)),
  };
}
