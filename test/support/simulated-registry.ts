import type { Clock } from '../../src/core/clock.js';
import type { Discovery } from '../../src/contracts/discovery.js';
import { RegistrationLostError, RegistryUnavailableError, asError } from '../../src/core/errors.js';
import type { HealthReport, HealthStatus } from '../../src/contracts/health-report.js';
import type { InstanceKey, ServiceInstance } from '../../src/contracts/service-instance.js';
import type { Entry, Registration, Registry, RegistryTraits } from '../../src/contracts/registry.js';

interface Stored {
  instance: ServiceInstance;
  status: HealthStatus;
  beatAt: number;
  maintenance: string | undefined;
}

export interface Request {
  readonly at: number;
  readonly verb: string;
}

/**
 * A registry behind a wire, on the injected clock: a request takes effect when it arrives, whether or not its sender still
 * waits. While paused, requests pile up and take effect, in any order, when it goes on. Like Consul's, registering again keeps the status.
 */
export class SimulatedRegistry implements Registry {
  readonly name = 'simulated';
  readonly traits: RegistryTraits = { isLocal: true, suppliesAddress: false, probes: true };
  readonly entries = new Map<string, Stored>();
  /** Every request that was sent, in order. */
  readonly requests: Request[] = [];
  readonly #clock: Clock;
  readonly #latency: () => number;
  #buffered: (() => void)[] = [];
  #watchers: (() => void)[] = [];
  #paused = false;
  /** What its own probes of the instances find. */
  probeStatus: HealthStatus = 'passing';
  /** Others take the place of those that the entries were written with when this grows. */
  generation = 0;
  /** Refuses connections. */
  down = false;
  /** Its lists show nothing, as to a token without the right to read. */
  hidesAll = false;
  /** Requests that are sent and have not arrived. */
  onTheWire = 0;
  /** Thrown by the next requests of a verb. */
  readonly failures = new Map<string, Error[]>();
  /** Called at each change of the entries. */
  onChange: () => void = () => undefined;

  constructor(clock: Clock, latency: () => number = () => 1) {
    this.#clock = clock;
    this.#latency = latency;
  }

  readonly discovery: Discovery = {
    poll: (service, _cursor, signal) =>
      this.#send('poll', signal, () => {
        const found = [...this.entries.values()].filter(({ instance }) => instance.name === service);
        return { instances: found.map((stored) => ({ ...stored.instance, status: this.#statusOf(stored) })) };
      }),
  };

  /** Ids that readers are given. */
  get passing(): string[] {
    return [...this.entries].filter(([, stored]) => this.#statusOf(stored) === 'passing').map(([id]) => id);
  }

  pause(): void {
    this.#paused = true;
  }

  /** Goes on; what piled up takes effect each after a time of its own, beside what is sent from now on. */
  resume(workOff: () => number = () => 0): void {
    this.#paused = false;
    for (const effect of this.#buffered.splice(0)) this.#clock.after(workOff(), effect);
  }

  /** Loses everything, as a restarted dev agent does. */
  forget(): void {
    this.entries.clear();
    this.#changed();
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    return this.#send('read', signal, () => {
      const stored = this.entries.get(key.id);
      if (stored === undefined) return undefined;
      const status = this.#statusOf(stored);
      const { maintenance } = stored;
      const checks = stored.instance.checks.map(({ kind }) => ({
        id: `${key.id}:${kind}`,
        kind,
        status: this.probeStatus,
        output: '',
      }));
      return {
        instance: stored.instance,
        status,
        checks,
        ...(maintenance !== undefined && { maintenance: { reason: maintenance } }),
      };
    });
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const { generation } = this;
    await this.#send('register', signal, () => {
      const before = this.entries.get(instance.id);
      const maintenance = before?.maintenance ?? (report.status === 'maintenance' ? report.reason : undefined);
      this.entries.set(instance.id, {
        instance,
        status: before?.status ?? 'critical',
        beatAt: this.#clock.now(),
        maintenance,
      });
      this.#changed();
    });
    return {
      holder: () => this.name,
      hasStaleCredentials: () => this.generation !== generation,
      renew: (current, until) =>
        this.#send('renew', until, () => {
          const stored = this.entries.get(instance.id);
          if (stored === undefined)
            throw new RegistrationLostError('gone', { registry: this.name, operation: 'renew' });
          stored.status = current.status;
          stored.beatAt = this.#clock.now();
          this.#changed(false);
          return { ttlMs: instance.ttlMs };
        }),
      changed: (until) => this.#watch(until),
      presence: {
        place: this.name,
        present: (_keys, until) =>
          this.#send(
            'list',
            until,
            () => new Set(this.hidesAll ? [] : [...this.entries.values()].map((stored) => stored.instance.nonce)),
          ),
      },
      deregister: (until) => this.remove({ name: instance.name, id: instance.id, nonce: instance.nonce }, until),
    };
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    await this.#send('remove', signal, () => {
      const stored = this.entries.get(key.id);
      if (stored === undefined || (key.nonce !== undefined && stored.instance.nonce !== key.nonce)) return;
      this.entries.delete(key.id);
      this.#changed();
    });
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    await this.#send('maintain', signal, () => {
      const stored = this.entries.get(key.id);
      if (stored === undefined || (key.nonce !== undefined && stored.instance.nonce !== key.nonce)) return;
      stored.maintenance = reason === undefined ? undefined : (stored.maintenance ?? reason);
      this.#changed();
    });
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }

  #statusOf(stored: Stored): HealthStatus {
    if (stored.maintenance !== undefined) return 'maintenance';
    return this.#clock.now() > stored.beatAt + stored.instance.ttlMs ? 'critical' : stored.status;
  }

  #changed(worthALook = true): void {
    this.onChange();
    if (worthALook) for (const wake of this.#watchers.splice(0)) wake();
  }

  #watch(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.down) reject(new RegistryUnavailableError('connect ECONNREFUSED', { registry: this.name }));
      this.#watchers.push(resolve);
      signal.addEventListener('abort', () => {
        reject(asError(signal.reason));
      });
    });
  }

  #send<T>(verb: string, signal: AbortSignal, effect: () => T): Promise<T> {
    this.requests.push({ at: this.#clock.now(), verb });
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        reject(asError(error));
      };
      if (signal.aborted) {
        fail(signal.reason);
        return;
      }
      if (this.down) {
        fail(new RegistryUnavailableError('connect ECONNREFUSED', { registry: this.name, operation: verb }));
        return;
      }
      const planned = this.failures.get(verb)?.shift();
      if (planned !== undefined) {
        fail(planned);
        return;
      }
      signal.addEventListener('abort', () => {
        fail(signal.reason);
      });
      this.onTheWire += 1;
      const apply = () => {
        this.onTheWire -= 1;
        try {
          const value = effect();
          this.#clock.after(this.#latency(), () => {
            resolve(value);
          });
        } catch (error) {
          fail(error);
        }
      };
      this.#clock.after(this.#latency(), () => {
        if (this.#paused) this.#buffered.push(apply);
        else apply();
      });
    });
  }
}
