import type { Cursor, DiscoveredInstance, Discovery } from '../contracts/discovery.js';
import { RegistryUnavailableError } from '../core/errors.js';
import type { Member } from './member.js';
import type { Members } from './members.js';

/** An answer is held up no longer for what the other members may add to it. */
const SOON_MS = 200;
/** Where a cursor belongs to is written before it. */
const AT = /^(\d+):(.*)$/s;

/** The read side of a chain: asks the preferred member that answers. Members of one place are then asked as well, those of several never mixed. */
export class ChainDiscovery implements Discovery {
  readonly #members: Members;
  readonly #gathers: boolean;
  /** Who was in the last answer, by service; only where answers are gathered. */
  readonly #seen = new Map<string, ReadonlySet<string>>();

  /** `gathers`: what one member does not have may be in another, and belongs to the answer. */
  constructor(members: Members, gathers: boolean) {
    this.#members = members;
    this.#gathers = gathers;
  }

  async poll(
    service: string,
    cursor: Cursor | undefined,
    signal: AbortSignal,
  ): Promise<{ instances: DiscoveredInstance[]; cursor?: Cursor }> {
    const trial = this.#members.readersTrial;
    if (trial !== undefined)
      await this.#members.attempt(trial, Infinity, signal, (bounded) => ask(trial, service, undefined, bounded));
    await this.#members.measure(Infinity, signal, (member, bounded) => ask(member, service, undefined, bounded));
    const [, owner, inner] = AT.exec(cursor ?? '') ?? [];
    const { readers } = this.#members;
    // Whoever reads has better things to do than to wait for registries that do not answer.
    if (!readers.some(({ isWorthATry }) => isWorthATry)) throw this.#members.allOut('discover');
    const [answered, found] = await this.#members.firstAnswer('discover', readers, signal, async (member) => {
      const index = String(this.#members.indexOf(member));
      const { cursor: next, instances } = await ask(member, service, owner === index ? inner : undefined, signal);
      return [member, { instances, ...(next !== undefined && { cursor: `${index}:${next}` }) }] as const;
    });
    // Held at one member, a change in another would be missed: no cursor.
    return this.#gathers ? { instances: await this.#gathered(answered, found.instances, service, signal) } : found;
  }

  /** With what the other members have: each instance stands where its own host could reach a registry. */
  async #gathered(
    answered: Member,
    instances: DiscoveredInstance[],
    service: string,
    signal: AbortSignal,
  ): Promise<DiscoveredInstance[]> {
    const others = this.#members.readers.filter((member) => member !== answered);
    const asked = others.filter(({ isWorthATry }) => isWorthATry);
    const all = merged([instances, ...(await this.#fromEach(asked, service, signal))]);
    const ids = new Set(all.map(({ id }) => id));
    // Who has gone may have gone up, to one that answered its host before us.
    const isSomebodyGone = [...(this.#seen.get(service) ?? [])].some((id) => !ids.has(id));
    const whole = isSomebodyGone
      ? merged([
          all,
          ...(await this.#fromEach(
            others.filter((member) => !asked.includes(member)),
            service,
            signal,
          )),
        ])
      : all;
    this.#seen.set(service, new Set(whole.map(({ id }) => id)));
    return whole;
  }

  /** What they have, as far as they answer soon. */
  #fromEach(members: readonly Member[], service: string, signal: AbortSignal): Promise<DiscoveredInstance[][]> {
    return Promise.all(
      members.map(async (member) => {
        let instances: DiscoveredInstance[] = [];
        const asked = this.#members.attempt(member, Infinity, signal, async (bounded) => {
          ({ instances } = await ask(member, service, undefined, bounded));
        });
        await this.#soon(asked);
        signal.throwIfAborted();
        return instances;
      }),
    );
  }

  /** Resolves when that has ended, in whatever way, or has been going on for a while. */
  #soon(going: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#members.clock.after(SOON_MS, resolve);
      const over = () => {
        cancel();
        resolve();
      };
      going.then(over, over);
    });
  }
}

/** Each id once: on its way from one member to another an instance is in both, and passes in one of them. */
function merged(answers: readonly (readonly DiscoveredInstance[])[]): DiscoveredInstance[] {
  const byId = new Map<string, DiscoveredInstance>();
  for (const instance of answers.flat()) {
    const known = byId.get(instance.id);
    if (known === undefined || (known.status !== 'passing' && instance.status === 'passing'))
      byId.set(instance.id, instance);
  }
  return [...byId.values()];
}

async function ask(
  { registry }: Member,
  service: string,
  cursor: Cursor | undefined,
  signal: AbortSignal,
): Promise<{ instances: DiscoveredInstance[]; cursor?: Cursor }> {
  const { discovery, name } = registry;
  if (discovery === undefined)
    throw new RegistryUnavailableError(`${name} has no read side`, { registry: name, operation: 'discover' });
  return discovery.poll(service, cursor, signal);
}
