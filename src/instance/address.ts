import type { NetworkInterfaceInfo } from 'node:os';

import { AddressNotFoundError } from '../errors.js';

/** The machine's interfaces, as `os.networkInterfaces()` gives them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** What the choice of an address depends on. */
export interface AddressFacts {
  /** `address` or `SERVICE_ADDRESS`. */
  readonly configured: string | undefined;
  /** What the server listens on; absent without a server. */
  readonly bound: string | undefined;
  readonly registry: { readonly nearby: boolean; readonly suppliesAddress: boolean };
  readonly interfaces: Interfaces;
}

/** The address to advertise (undefined: the registry fills in its own host's) and why. */
export interface AddressChoice {
  readonly address: string | undefined;
  /** One sentence for a person. */
  readonly reason: string;
}

/** Interfaces that lead to containers, virtual machines and tunnels: others rarely reach us there. */
const virtualName = /^(br-|cali|cni|docker|dummy|flannel|kube-|lxc|lxd|podman|tailscale|tap|tun|utun|veth|virbr|vmnet|wg)/;

/**
 * Chooses the address that others reach the instance by: the configured one, else the specific one the server listens on, else the
 * registry's own, else the best interface's. Throws `AddressNotFoundError` when none of them can serve.
 */
export function chooseAddress({ configured, bound: listening, registry, interfaces }: AddressFacts): AddressChoice {
  if (configured !== undefined) return { address: configured, reason: 'it is configured' };
  const bound = listening === undefined ? undefined : unmapped(listening);
  if (bound !== undefined && !isWildcard(bound)) return chooseBound(bound, registry.nearby);
  if (registry.suppliesAddress) return { address: undefined, reason: "the registry fills in its own host's address" };
  return chooseInterface(interfaces, registry.nearby, bound === '0.0.0.0');
}

/** True for the addresses that mean "every interface". */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** True for addresses that only this host reaches. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(address);
}

/** True for an IP, given something that is an IP or a host name. */
export function isIpLiteral(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

/** `host:port`, with an IPv6 host in brackets. */
export function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

function chooseBound(bound: string, nearby: boolean): AddressChoice {
  if (!isLoopback(bound)) return { address: bound, reason: 'the server listens on it alone' };
  if (nearby) return { address: bound, reason: 'the server listens on loopback alone, where only this host reaches it' };
  throw new AddressNotFoundError(
    `The server listens on ${bound} alone, where nobody beyond this host reaches it, and the registry is on another host. ` +
      'Listen on 0.0.0.0 or ::, or say with `address` or SERVICE_ADDRESS how others reach it.',
  );
}

function chooseInterface(interfaces: Interfaces, nearby: boolean, ipv4Only: boolean): AddressChoice {
  const external = Object.entries(interfaces)
    .flatMap(([name, infos = []]) => infos.map((info) => ({ name, ...info })))
    .filter(({ address, family, internal }) => !internal && !isLinkLocal(address) && !(ipv4Only && family === 'IPv6'));
  const real = external.filter(({ name }) => !virtualName.test(name));
  const best = real.find(({ family }) => family === 'IPv4') ?? real[0];
  const passedOver = external.filter((candidate) => candidate !== best).map(({ name, address }) => `${name} ${address}`);
  const others = passedOver.length === 0 ? '' : `; passed over: ${passedOver.join(', ')}`;
  if (best !== undefined) return { address: best.address, reason: `it is the first outside address, of ${best.name}${others}` };
  if (nearby) return { address: '127.0.0.1', reason: `this host has no outside address and the registry is on it${others}` };
  throw new AddressNotFoundError(
    `This host has no address that others could reach it by${others}. Set \`address\` or SERVICE_ADDRESS.`,
  );
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address);
}

/** A dual-stack server may show an IPv4 address in its IPv6 form. */
function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
