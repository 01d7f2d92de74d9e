import type { Registry } from '../contracts/registry.js';
import type { AddressSource, AddressCandidate } from '../contracts/address-candidate.js';
import type { NomadPort, PlatformEnv } from '../config/platform-env.js';
import { isIpAddress, isLoopback, isWildcard, unmapped } from '../net/ip-address.js';
import { addressesOf, faultOf, routeFaultOf } from './interfaces.js';
import type { Interfaces } from './interfaces.js';
import { familyOf, otherFamily } from './served-family.js';
import type { AddressFamily } from './served-family.js';

/** A possible address. The first one without a fault is chosen. */
export interface Prospect {
  readonly address: string | undefined;
  readonly source: AddressSource;
  /** The reason to choose it. */
  readonly merit: string;
  /** The reason not to choose it. */
  readonly fault?: string | undefined;
}

/** The facts that the choice of an address depends on. */
export interface AddressFacts {
  /** `address` or `SERVICE_ADDRESS`. */
  readonly configured: string | undefined;
  /** The address that the server listens on; absent without a server. */
  readonly bound: string | undefined;
  /** The family that the server does not take. */
  readonly unserved: AddressFamily | undefined;
  /** Set when Docker publishes the port on the host: then no address of the container itself is right. */
  readonly published: { readonly hostIp: string | undefined } | undefined;
  readonly pod: PlatformEnv['pod'];
  /** The port that Nomad allocated to the server. */
  readonly nomad: NomadPort | undefined;
  readonly registry: Pick<Registry, 'traits'>;
  /** The route to the registry; absent when it was not looked up. */
  readonly route?: RouteFinding | undefined;
  readonly interfaces: Interfaces;
}

/** The source address of the route to `towards`, or the reason why there is none. */
export type RouteFinding = { readonly towards: string } & ({ readonly source: string } | { readonly fault: string });

/** The addresses that the operator, the platform or the server state, in the order of preference. */
export function statedProspects(facts: AddressFacts): Prospect[] {
  const { configured, published, pod, nomad, bound } = facts;
  const prospects: Prospect[] = [];
  if (configured !== undefined)
    prospects.push({ address: configured, source: 'configured', merit: 'it is configured' });
  if (published?.hostIp !== undefined) {
    const fault = loopbackServerFault(facts) ?? loopbackFault(published.hostIp, facts);
    prospects.push({
      address: published.hostIp,
      source: 'docker',
      merit: 'Docker publishes the port only on it',
      fault,
    });
  }
  for (const { variable, address } of pod) {
    const fault = isIpAddress(address) ? ownFault(address, facts) : 'it is not an IP address';
    prospects.push({ address, source: 'pod', merit: `${variable} is set to it`, fault });
  }
  if (nomad !== undefined) {
    const fault = loopbackServerFault(facts) ?? loopbackFault(nomad.address, facts);
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

/** The addresses that can be detected, in the order of preference. */
export function foundProspects(facts: AddressFacts): Prospect[] {
  const { route, registry, interfaces } = facts;
  const prospects: Prospect[] = [];
  if (route !== undefined) prospects.push(routeProspect(route, facts));
  if (registry.traits.suppliesAddress)
    prospects.push({ address: undefined, source: 'registry', merit: 'the registry fills in the address of its host' });
  let isFirst = true;
  for (const found of addressesOf(interfaces)) {
    const { name, address, internal } = found;
    const fault = ownFault(address, facts) ?? faultOf(found);
    const merit = internal
      ? 'the registry is on this host, so loopback suffices'
      : `it is ${isFirst ? 'the first' : 'another'} external address, of ${name}`;
    if (fault === undefined && !internal) isFirst = false;
    prospects.push({
      address,
      source: 'interface',
      merit,
      fault: fault && (fault.includes(name) ? fault : `${fault} (${name})`),
    });
  }
  return prospects;
}

/** Marks the first address without a fault as chosen; none if each has a fault. */
export function candidatesOf(prospects: readonly Prospect[]): AddressCandidate[] {
  const chosen = prospects.find(({ fault }) => fault === undefined);
  return prospects.map((prospect) => {
    const { address, source, merit, fault } = prospect;
    if (prospect === chosen) return { address, source, chosen: true, reason: merit };
    return { address, source, chosen: false, reason: fault ?? `not needed, although ${merit}` };
  });
}

function boundProspect(bound: string, facts: AddressFacts): Prospect {
  const prospect = { address: bound, source: 'bound' } as const;
  if (isWildcard(bound)) return { ...prospect, merit: '', fault: 'it means every interface' };
  const merit = isLoopback(bound)
    ? 'the server listens only on loopback, which only this host reaches'
    : 'the server listens only on it';
  return { ...prospect, merit, fault: ownFault(bound, facts) };
}

function routeProspect(route: RouteFinding, facts: AddressFacts): Prospect {
  if ('fault' in route)
    return { address: undefined, source: 'route', merit: '', fault: `no route to ${route.towards}: ${route.fault}` };
  const source = unmapped(route.source);
  const [found] = addressesOf(facts.interfaces).filter(({ address }) => address === source);
  const via = found === undefined ? '' : `, on ${found.name}`;
  const merit = `packets to the registry (${route.towards}) leave from it${via}`;
  return {
    address: source,
    source: 'route',
    merit,
    fault: ownFault(source, facts) ?? routeFaultOf({ name: found?.name ?? '', address: source }),
  };
}

/** Why an address of this machine or container cannot be chosen; undefined when it can. */
function ownFault(address: string, facts: AddressFacts): string | undefined {
  const { published, bound, unserved } = facts;
  if (published !== undefined) return 'it belongs to the container, but the port to the host';
  const fault = loopbackFault(address, facts);
  if (fault !== undefined) return fault;
  const listening = bound === undefined ? undefined : unmapped(bound);
  if (listening !== undefined && isWildcard(listening) && familyOf(address) === unserved)
    return `the server listens only on ${otherFamily(unserved)}`;
  if (listening !== undefined && !isWildcard(listening) && listening !== address)
    return `the server listens only on ${listening}`;
  return undefined;
}

/** A published port forwards connections to the container's address, so a server on loopback gets none of them. */
function loopbackServerFault({ bound }: AddressFacts): string | undefined {
  return bound !== undefined && isLoopback(bound) ? `the server listens only on ${unmapped(bound)}` : undefined;
}

function loopbackFault(address: string, { registry }: AddressFacts): string | undefined {
  return !registry.traits.isLocal && isLoopback(address)
    ? 'only this host reaches it, but the registry is on another host'
    : undefined;
}
