import type { DiscoveredInstance } from '../../contracts/discovery.js';
import { hostPort, isIpAddress, isWildcard } from '../../net/ip-address.js';
import type { DnsRecord } from './dns-codec.js';
import { isHostName } from './dns-options.js';

type Kind<K extends DnsRecord['kind']> = Extract<DnsRecord, { readonly kind: K }>;

/** How many aliases of a name are followed. */
const MOST_ALIASES = 8;

/** What an answer says of a service. */
export interface ServiceInDns {
  readonly instances: DiscoveredInstance[];
  /** The least of the TTLs of what was used. */
  readonly ttlMs: number;
}

/**
 * The instances that the records of an answer describe, of the most preferred priority. A target without an address in
 * the answer counts as the name of a host. What cannot be called is left out.
 */
export function instancesIn(records: readonly DnsRecord[], queried: string, service: string): ServiceInDns {
  const book = new AddressBook(records);
  const owner = book.followed(queried);
  const callable = records.filter(
    (record): record is Kind<'srv'> => record.kind === 'srv' && record.name === owner.name && record.port > 0,
  );
  const best = Math.min(...callable.map(({ priority }) => priority));
  const instances = new Map<string, DiscoveredInstance>();
  let ttlMs = callable.length === 0 ? 0 : owner.ttlMs;
  for (const srv of callable.filter(({ priority }) => priority === best)) {
    const found = book.addressesOf(srv.target);
    ttlMs = Math.min(ttlMs, srv.ttlMs, found.ttlMs);
    for (const address of found.addresses) {
      const id = hostPort(address, srv.port);
      if (!instances.has(id)) instances.set(id, instanceOf(service, id, address, srv));
    }
  }
  return { instances: [...instances.values()], ttlMs };
}

/** A DNS server tells nothing of health but by leaving out who fails. */
function instanceOf(name: string, id: string, address: string, { port, weight }: Kind<'srv'>): DiscoveredInstance {
  // A weight of 0 stands for a very small chance, not for none (https://www.rfc-editor.org/rfc/rfc2782).
  const share = Math.max(1, weight);
  const weights = { passing: share, warning: share };
  return { name, id, address, port, tags: [], meta: {}, weights, status: 'passing' };
}

/** What an answer says of names. */
class AddressBook {
  readonly #addresses = new Map<string, Kind<'address'>[]>();
  readonly #aliases = new Map<string, Kind<'alias'>>();

  constructor(records: readonly DnsRecord[]) {
    for (const record of records) {
      if (record.kind === 'alias') this.#aliases.set(record.name, record);
      if (record.kind !== 'address' || !isUsable(record.address)) continue;
      const known = this.#addresses.get(record.name);
      if (known === undefined) this.#addresses.set(record.name, [record]);
      else known.push(record);
    }
  }

  /** The name that another one stands for, and how long that counts. */
  followed(name: string): { readonly name: string; readonly ttlMs: number } {
    let followed = { name, ttlMs: Infinity };
    for (let step = 0; step < MOST_ALIASES; step += 1) {
      const alias = this.#aliases.get(followed.name);
      if (alias === undefined) break;
      followed = { name: alias.target, ttlMs: Math.min(followed.ttlMs, alias.ttlMs) };
    }
    return followed;
  }

  /** Of one family: a host with both would count twice. */
  addressesOf(target: string): { readonly addresses: readonly string[]; readonly ttlMs: number } {
    const { name, ttlMs } = this.followed(target);
    const all = this.#addresses.get(name) ?? [];
    const families = [4, 6].map((family) => all.filter((record) => record.family === family));
    const [used = []] = families.filter(({ length }) => length > 0);
    if (used.length === 0) return { addresses: isHostName(name) ? [name] : [], ttlMs };
    return { addresses: used.map(({ address }) => address), ttlMs: Math.min(ttlMs, ...used.map((each) => each.ttlMs)) };
  }
}

function isUsable(address: string): boolean {
  return isIpAddress(address) && !isWildcard(address);
}
