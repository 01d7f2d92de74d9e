import { RegistryUnavailableError, asError } from '../../core/errors.js';
import { printable } from '../../core/printable.js';
import { admitRequest } from '../../core/request-meter.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import { hostPort } from '../../net/ip-address.js';
import { masterIn } from './redis-address.js';
import { isDenial, presentable, tlsHint } from './redis-errors.js';
import { openClient } from './redis-open.js';
import type { OpenClient } from './redis-open.js';
import type { RedisPlace } from './redis-options.js';

type Sentinels = Extract<RedisPlace, { kind: 'sentinel' }>;

const LONGEST_REASON = 200;

/**
 * Connects to the master. What a Sentinel answers is a candidate: the server itself has to say that it is the master.
 */
export class MasterFinder {
  readonly #place: Sentinels;
  /** Sentinels whose last answer led nowhere. Asked when the others lead nowhere. */
  #misleading = new Set<RegistryEndpoint>();
  readonly #sources = new WeakMap<OpenClient, RegistryEndpoint>();

  constructor(place: Sentinels) {
    this.#place = place;
  }

  /**
   * Resolves to a client of the master. Rejects with `RegistryUnavailableError` if no Sentinel leads to it, and with
   * Redis' own error if all of them refuse us. The client ends with `end`.
   */
  async open(end: AbortSignal): Promise<OpenClient> {
    const { sentinels } = this.#place;
    const last = this.#misleading;
    // Forgotten with each attempt, so that a Sentinel that hangs cannot keep the others from being asked for ever.
    this.#misleading = new Set();
    const rounds = [sentinels.filter((each) => !last.has(each)), sentinels.filter((each) => last.has(each))];
    const causes: Error[] = [];
    for (const round of rounds) {
      try {
        return await this.#firstMaster(round, end);
      } catch (thrown) {
        causes.push(...(thrown instanceof AggregateError ? thrown.errors.map(asError) : [asError(thrown)]));
      }
    }
    throw this.#nowhere(causes);
  }

  /** The server behind `client` turned out not to serve as the master. */
  blame(client: OpenClient): void {
    const source = this.#sources.get(client);
    if (source !== undefined) this.#misleading.add(source);
  }

  /** Asks all of them at once, and tries what they answer at once, so that none that hangs delays the others. */
  async #firstMaster(sentinels: readonly RegistryEndpoint[], end: AbortSignal): Promise<OpenClient> {
    const asking = new AbortController();
    const candidates = new Map<string, Candidate>();
    const tries = sentinels.map(async (sentinel) => {
      await admitRequest(end);
      const answer = await this.#ask(sentinel, AbortSignal.any([end, asking.signal]));
      try {
        const at = this.#addressIn(answer);
        const name = hostPort(at.host, at.port);
        const candidate = candidates.get(name) ?? this.#try(at, name, end);
        candidates.set(name, candidate);
        return { candidate, client: await candidate.client, sentinel };
      } catch (thrown) {
        // One that comes too late is closed by us.
        if (!asking.signal.aborted) this.#misleading.add(sentinel);
        throw thrown;
      }
    });
    try {
      const { candidate, client, sentinel } = await Promise.any(tries);
      candidates.delete(candidate.name);
      this.#sources.set(client, sentinel);
      return client;
    } finally {
      asking.abort();
      for (const { close } of candidates.values()) close();
    }
  }

  async #ask(sentinel: RegistryEndpoint, end: AbortSignal): Promise<unknown> {
    const { name, sentinelAccess, credentials } = this.#place;
    const { client } = await openClient(sentinel, await credentials.login(sentinelAccess, end), end);
    return client.sendCommand(['SENTINEL', 'get-master-addr-by-name', name]);
  }

  #addressIn(answer: unknown): RegistryEndpoint {
    if (answer === null) throw new Error(`it knows no master called ${this.#place.name}`);
    const at = masterIn(answer);
    if (at === undefined) throw new Error('its answer is no address');
    return at;
  }

  #try(at: RegistryEndpoint, name: string, end: AbortSignal): Candidate {
    const ended = new AbortController();
    return {
      name,
      client: this.#openMaster(at, name, end, ended.signal),
      close: () => ended.abort(),
    };
  }

  async #openMaster(at: RegistryEndpoint, name: string, end: AbortSignal, givenUp: AbortSignal): Promise<OpenClient> {
    const { access, credentials } = this.#place;
    await admitRequest(end);
    const ended = AbortSignal.any([end, givenUp]);
    const open = await openClient(at, await credentials.login(access, ended), ended);
    const role: unknown = await open.client.sendCommand(['ROLE']).catch((thrown: unknown) => {
      // Without the right to ask, the first write shows whether it is the master.
      if (isDenial(thrown)) return ['master'];
      throw thrown;
    });
    const answer = String(Array.isArray(role) ? role[0] : role);
    if (answer !== 'master')
      throw new Error(`${name}, where one of them sees the master, is a ${printable(answer, 20)}`);
    return open;
  }

  #nowhere(causes: readonly Error[]): Error {
    const [first] = causes;
    if (first !== undefined && causes.every(isDenial)) return first;
    const reasons = [...new Set(causes.map(({ message }) => printable(message, LONGEST_REASON)))].join('; ');
    const hint = causes.map(tlsHint).find((each) => each !== undefined) ?? 'Check redis({ sentinels, name })';
    return new RegistryUnavailableError(
      `None of ${String(this.#place.sentinels.length)} Redis Sentinels leads to the master ${this.#place.name} ` +
        `(${reasons}). ${hint}`,
      { registry: 'redis', cause: first && presentable(first) },
    );
  }
}

/** A server that may be the master. */
interface Candidate {
  readonly name: string;
  /** Resolves once the server has said that it is. */
  readonly client: Promise<OpenClient>;
  readonly close: () => void;
}
