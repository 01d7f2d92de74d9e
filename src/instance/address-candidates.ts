import type { Registry } from '../contracts/registry.js';
import type { AddressSource, AddressCandidate } from '../contracts/address-candidate.js';
import type { NomadPort, PlatformEnv } from '../config/platform-env.js';
import { isIpv6, isLoopback, isWildcard, unmapped } from '../net/ip-address.js';
import { addressesOf, faultOf, routeFaultOf } from './interfaces.js';
import type { Interfaces } from './interfaces.js';

/** A candidate before the choice: with a fault it cannot be chosen, without one the first is. */
export interface Prospect {
  readonly address: string | undefined;
  readonly source: AddressSource;
  /** Why it would be chosen. */
  readonly merit: string;
  /** Why it cannot be. */
  readonly fault?: string | undefined;
}

/** What the choice of an address depends on. */
export interface AddressFacts {
  /** `address` or `SERVICE_ADDRESS`. */
  readonly configured: string | undefined;
  /** What the server listens on; absent without a server. */
  readonly bound: string | undefined;
  /** Set when the port is one that Docker publishes on the host: nothing that is the container's own can go with it. */
  readonly published: { readonly hostIp: string | undefined } | undefined;
  readonly pod: PlatformEnv['pod'];
  /** The port that Nomad has given to the server. */
  readonly nomad: NomadPort | undefined;
  readonly registry: Pick<Registry, 'traits'>;
  /** What the system says of the way to the registry; absent: not asked. */
  readonly route?: RouteFinding | undefined;
  readonly interfaces: Interfaces;
}

/** The source address of the way to `towards`, or why there is none. */
export type RouteFinding = { readonly towards: string } & ({ readonly source: string } | { readonly fault: string });

/** What was said about the address, by the operator, the platform or the server; in the order of preference. */
export function statedProspects(facts: AddressFacts): Prospect[] {
  const { configured, published, pod, nomad, bound } = facts;
  const prospects: Prospect[] = [];
  if (configured !== undefined)
    prospects.push({ address: configured, source: 'configured', merit: 'it is configured' });
  if (published?.hostIp !== undefined) {
    const fault = deafFault(facts) ?? loopbackFault(published.hostIp, facts);
    prospects.push({
      address: published.hostIp,
      source: 'docker',
      merit: 'Docker publishes the port on it alone',
      fault,
    });
  }
  for (const { variable, address } of pod) {
    const fault = isIp(address) ? ownFault(address, facts) : 'it is no IP';
    prospects.push({ address, source: 'pod', merit: `${variable} says so`, fault });
  }
  if (nomad !== undefined) {
    const fault = deafFault(facts) ?? loopbackFault(nomad.address, facts);
    prospects.push({
      address: nomad.address,
      source: 'nomad',
      merit: `Nomad publishes the port ${nomad.label} on it`,
      fault,
    });
  }
  if (bound !== undefined) prospects.push(boundProspect(unmapped(bound), facts));
  return prospects;
}

/** What can be found out without anybody having said it; in the order of preference. */
export function foundProspects(facts: AddressFacts): Prospect[] {
  const { route, registry, interfaces } = facts;
  const prospects: Prospect[] = [];
  if (route !== undefined) prospects.push(routeProspect(route, facts));
  if (registry.traits.suppliesAddress)
    prospects.push({ address: undefined, source: 'registry', merit: "the registry fills in its own host's address" });
  let firstOutside = true;
  for (const found of addressesOf(interfaces)) {
    const { name, address, internal } = found;
    const fault = ownFault(address, facts) ?? faultOf(found);
    const outside = `it is ${firstOutside ? 'the first' : 'another'} outside address, of ${name}`;
    const merit = internal ? 'loopback will do for a registry on this host' : outside;
    if (fault === undefined && !internal) firstOutside = false;
    prospects.push({
      address,
      source: 'interface',
      merit,
      fault: fault && (fault.includes(name) ? fault : `${fault} (${name})`),
    });
  }
  return prospects;
}

/** The first without a fault is chosen; undefined when all have one. */
export function candidatesOf(prospects: readonly Prospect[]): AddressCandidate[] {
  const chosen = prospects.find(({ fault }) => fault === undefined);
  return prospects.map((prospect) => {
    const { address, source, merit, fault } = prospect;
    if (prospect === chosen) return { address, source, chosen: true, reason: merit };
    return { address, source, chosen: false, reason: fault ?? `not needed: ${merit}` };
  });
}

function boundProspect(bound: string, facts: AddressFacts): Prospect {
  const prospect = { address: bound, source: 'bound' } as const;
  if (isWildcard(bound)) return { ...prospect, merit: '', fault: 'it stands for every interface' };
  const local = isLoopback(bound);
  const merit = local
    ? 'the server listens on loopback alone, where only this host reaches it'
    : 'the server listens on it alone';
  return { ...prospect, merit, fault: ownFault(bound, facts) };
}

function routeProspect(route: RouteFinding, facts: AddressFacts): Prospect {
  if ('fault' in route)
    return { address: undefined, source: 'route', merit: '', fault: `no route to ${route.towards}: ${route.fault}` };
  const source = unmapped(route.source);
  const [at] = addressesOf(facts.interfaces).filter(({ address }) => address === source);
  const merit = `packets to the registry (${route.towards}) leave from it${at === undefined ? '' : `, on ${at.name}`}`;
  return {
    address: source,
    source: 'route',
    merit,
    fault: ownFault(source, facts) ?? routeFaultOf({ name: at?.name ?? '', address: source }),
  };
}

/** What is wrong with an address of this machine, or of this container. */
function ownFault(address: string, facts: AddressFacts): string | undefined {
  const { published, bound } = facts;
  if (published !== undefined) return "it is the container's own, and the port is the host's";
  const local = loopbackFault(address, facts);
  if (local !== undefined) return local;
  const listening = bound === undefined ? undefined : unmapped(bound);
  if (listening === '0.0.0.0' && isIpv6(address)) return 'the server listens on IPv4 alone';
  if (listening !== undefined && !isWildcard(listening) && listening !== address)
    return `the server listens on ${listening} alone`;
  return undefined;
}

/** Whoever publishes a port hands connections to the container's address: a server on loopback never sees them. */
function deafFault({ bound }: AddressFacts): string | undefined {
  return bound !== undefined && isLoopback(bound) ? `the server listens on ${unmapped(bound)} alone` : undefined;
}

function loopbackFault(address: string, { registry }: AddressFacts): string | undefined {
  return isLoopback(address) && !registry.traits.isLocal
    ? 'nobody beyond this host reaches it, and the registry is on another'
    : undefined;
}

function isIp(text: string): boolean {
  return /^[\d.]+$/.test(text)
    ? /^(\d{1,3}\.){3}\d{1,3}$/.test(text)
    : isIpv6(text) && URL.canParse(`http://[${text}]`);
}
