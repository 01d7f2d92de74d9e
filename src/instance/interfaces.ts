import type { NetworkInterfaceInfo } from 'node:os';
import { isLinkLocal } from '../net/ip-address.js';

/** The machine's interfaces, as `os.networkInterfaces()` gives them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** One address of one interface. */
export interface InterfaceAddress {
  /** Of the interface, e.g. `eth0`. */
  readonly name: string;
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Loopback. */
  readonly internal: boolean;
}

/** The host's side of networks that exist only on it: containers, virtual machines, switches between them. */
const bridge =
  /^(br-|cali|cbr|cilium|cni|docker|dummy|flannel|incusbr|kube-|lxc|lxd|nerdctl|nodelocaldns|ovs|podman|vboxnet|vEthernet|veth|virbr|vmnet|vxlan|weave)/;

/** Ways into another network, which most of those who look for us are not in. */
const tunnel = /^(awdl|gre|gif|ip6tnl|ipsec|llw|ppp|sit|stf|tailscale|tap|teredo|tun|utun|wg|zt)/i;

/** Every address of the machine in the order of preference: IPv4 before IPv6, loopback last. */
export function addressesOf(interfaces: Interfaces): InterfaceAddress[] {
  const all = Object.entries(interfaces).flatMap(([name, infos = []]) =>
    infos.map(({ address, family, internal }) => ({ name, address, family, internal })),
  );
  return all.sort((a, b) => Number(a.internal) - Number(b.internal) || a.family.localeCompare(b.family));
}

/** Why nobody should be sent to an address of this interface by accident; undefined: they may. */
export function faultOf({ name, address }: Pick<InterfaceAddress, 'name' | 'address'>): string | undefined {
  return linkFault(address) ?? bridgeFault(name) ?? (tunnel.test(name) ? `${name} is a tunnel` : undefined);
}

/** As `faultOf`, for an address that a route has led to: the way to the registry may well be a tunnel, and is no accident then. */
export function routeFaultOf({ name, address }: Pick<InterfaceAddress, 'name' | 'address'>): string | undefined {
  return linkFault(address) ?? bridgeFault(name);
}

function linkFault(address: string): string | undefined {
  return isLinkLocal(address) ? 'it is link-local' : undefined;
}

function bridgeFault(name: string): string | undefined {
  return bridge.test(name) ? `${name} leads to containers or virtual machines of this host` : undefined;
}
