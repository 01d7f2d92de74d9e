import type {
  Cursor,
  DiscoveredInstance,
  Discovery,
  DiscoveryTraits,
  Listing,
  ReadOptions,
} from '../contracts/discovery.js';
import type { ReaderChoice } from '../contracts/composed-registry.js';
import { RegistryUnavailableError } from '../core/errors.js';
import type { Member } from './member.js';
import { mergeById } from './merge-by-id.js';
import { readingScope } from './reading-scope.js';
import type { Members } from './members.js';

/** How long an answer waits for what the other members may add to it. */
const SOON_MS = 200;
/** A cursor, prefixed with the index of the member that it belongs to. */
const AT = /^(\d+):(.*)$/s;

/**
 * The discovery of a chain. Reads from the preferred member that answers. A chain that gathers adds what the other
 * members have; otherwise the answers of members are never mixed.
 */
export class ChainDiscovery implements Discovery, ReaderChoice {
  readonly #members: Members;
  readonly #gathers: boolean;
  /** The ids in the last answer, by service; only used when gathering. */
  readonly #seen = new Map<string, ReadonlySet<string>>();

  /** `gathers`: an instance may be in any member, so the answer merges all of them. */
  constructor(members: Members, gathers: boolean) {
    this.#members = members;
    this.#gathers = gathers;
  }

  get traits(): DiscoveryTraits {
    const registries = this.#members.all.map(({ registry }) => registry);
    const longPolls = registries.flatMap(({ discovery }) => discovery?.traits?.longPolls ?? []);
    return {
      ...(longPolls.length > 0 && { longPolls: Math.min(...longPolls) }),
      datacenters: registries.every(({ discovery }) => discovery?.traits?.datacenters === true),
      scope: registries.map(readingScope).join(', '),
    };
  }

  async poll(
    service: string,
    cursor: Cursor | undefined,
    signal: AbortSignal,
    options?: ReadOptions,
  ): Promise<Listing> {
    const trial = this.#members.readersTrial;
    if (trial !== undefined)
      await this.#members.attempt(trial, Infinity, signal, (bounded) => pollMember(trial, service, undefined, bounded));
    await this.measure(service, signal);
    const [, owner, inner] = AT.exec(cursor ?? '') ?? [];
    const { readers } = this.#members;
    // Reject at once: readers should not wait for registries that are known not to answer.
    if (!readers.some(({ isWorthATry }) => isWorthATry)) throw this.#members.allOut('discover');
    const [answered, found] = await this.#members.firstAnswer('discover', readers, signal, async (member) => {
      const index = String(this.#members.indexOf(member));
      const at = owner === index ? inner : undefined;
      const { cursor: next, ...listing } = await pollMember(member, service, at, signal, options);
      return [member, { ...listing, ...(next !== undefined && { cursor: `${index}:${next}` }) }] as const;
    });
    // No cursor when gathering: a long poll at one member would miss a change in another.
    return this.#gathers ? { instances: await this.#gather(answered, found.instances, service, signal) } : found;
  }

  order(): readonly number[] {
    return this.#members.readers.map((member) => this.#members.indexOf(member));
  }

  measure(service: string, signal: AbortSignal): Promise<void> {
    return this.#members.measure(Infinity, signal, (member, bounded) =>
      pollMember(member, service, undefined, bounded),
    );
  }

  /**
   * Adds what the other members have, because each instance is registered where its own host could reach a registry.
   */
  async #gather(
    answered: Member,
    instances: DiscoveredInstance[],
    service: string,
    signal: AbortSignal,
  ): Promise<DiscoveredInstance[]> {
    const others = this.#members.readers.filter((member) => member !== answered);
    const candidates = others.filter(({ isWorthATry }) => isWorthATry);
    const all = mergeById([instances, ...(await this.#readEach(candidates, service, signal))]);
    const ids = new Set(all.map(({ id }) => id));
    // A missing instance may have failed back to a member that answers its host but did not answer us yet.
    const isAnyMissing = [...(this.#seen.get(service) ?? [])].some((id) => !ids.has(id));
    const complete = isAnyMissing
      ? mergeById([
          all,
          ...(await this.#readEach(
            others.filter((member) => !candidates.includes(member)),
            service,
            signal,
          )),
        ])
      : all;
    this.#seen.set(service, new Set(complete.map(({ id }) => id)));
    return complete;
  }

  /** The instances of each member that answers soon; none for the others. */
  #readEach(members: readonly Member[], service: string, signal: AbortSignal): Promise<DiscoveredInstance[][]> {
    return Promise.all(
      members.map(async (member) => {
        let instances: DiscoveredInstance[] = [];
        const attempt = this.#members.attempt(member, Infinity, signal, async (bounded) => {
          ({ instances } = await pollMember(member, service, undefined, bounded));
        });
        await this.#settledOrLate(attempt);
        signal.throwIfAborted();
        return instances;
      }),
    );
  }

  /** Resolves when `work` settles either way, or after `SOON_MS`. */
  #settledOrLate(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#members.clock.after(SOON_MS, resolve);
      const finish = () => {
        cancel();
        resolve();
      };
      work.then(finish, finish);
    });
  }
}

async function pollMember(
  { registry }: Member,
  service: string,
  cursor: Cursor | undefined,
  signal: AbortSignal,
  options?: ReadOptions,
): Promise<Listing> {
  const { discovery, name } = registry;
  if (discovery === undefined)
    throw new RegistryUnavailableError(
      `${name} has no discovery, so instances cannot be read from it: use a registry with discovery`,
      {
        registry: name,
        operation: 'discover',
      },
    );
  return discovery.poll(service, cursor, signal, options);
}
