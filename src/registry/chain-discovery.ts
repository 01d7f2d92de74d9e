import type { Cursor, DiscoveredInstance, Discovery } from '../discovery/discovery.js';
import { RegistryUnavailableError } from '../errors.js';
import type { Member } from './member.js';
import type { Members } from './members.js';

/** Where a cursor belongs to is written before it. */
const AT = /^(\d+):(.*)$/s;

/** The read side of a chain: asks the preferred member that answers; an answer never mixes members. */
export class ChainDiscovery implements Discovery {
  readonly #members: Members;

  constructor(members: Members) {
    this.#members = members;
  }

  async poll(service: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<{ instances: DiscoveredInstance[]; cursor?: Cursor }> {
    const trial = this.#members.readersTrial;
    if (trial !== undefined) await this.#members.attempt(trial, Infinity, signal, (bounded) => ask(trial, service, undefined, bounded));
    await this.#members.measure(Infinity, signal, (member, bounded) => ask(member, service, undefined, bounded));
    const [, owner, inner] = AT.exec(cursor ?? '') ?? [];
    const { readers } = this.#members;
    // Whoever reads has better things to do than to wait for registries that do not answer.
    if (!readers.some(({ isWorthATry }) => isWorthATry)) throw this.#members.allOut('discover');
    return this.#members.firstAnswer('discover', readers, signal, async (member) => {
      const index = String(this.#members.indexOf(member));
      const { cursor: next, instances } = await ask(member, service, owner === index ? inner : undefined, signal);
      return { instances, ...(next !== undefined && { cursor: `${index}:${next}` }) };
    });
  }
}

async function ask({ registry }: Member, service: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<{ instances: DiscoveredInstance[]; cursor?: Cursor }> {
  const { discovery, name } = registry;
  if (discovery === undefined) throw new RegistryUnavailableError(`${name} has no read side`, { registry: name, operation: 'discover' });
  return discovery.poll(service, cursor, signal);
}
