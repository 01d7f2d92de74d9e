import type { NetworkInterfaceInfo } from 'node:os';
import { isLinkLocal } from '../net/ip-address.js';

/** The machine's network interfaces, as `os.networkInterfaces()` returns them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** One address of a network interface. */
export interface InterfaceAddress {
  /** The name of the interface, e.g. `eth0`. */
  readonly name: string;
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Loopback. */
  readonly internal: boolean;
}

/** Interfaces to networks that exist only on this host, of containers and virtual machines. */
const bridges = [
  /^(br-|cali|cbr|cilium|cni|docker|dummy|flannel|incusbr|kube-|lxc|lxd|nerdctl|nodelocaldns|ovs|podman)/,
  /^(vboxnet|vEthernet|veth|virbr|vmnet|vxlan|weave)/,
];

/** Interfaces to other networks, which most clients are not in. */
const tunnel = /^(awdl|gre|gif|ip6tnl|ipsec|llw|ppp|sit|stf|tailscale|tap|teredo|tun|utun|wg|zt)/i;

/** Every address of the machine, in the order of preference: IPv4 before IPv6, loopback last. */
export function addressesOf(interfaces: Interfaces): InterfaceAddress[] {
  const all = Object.entries(interfaces).flatMap(([name, infos = []]) =>
    infos.map(({ address, family, internal }) => ({ name, address, family, internal })),
  );
  return all.sort((a, b) => Number(a.internal) - Number(b.internal) || isV6(a) - isV6(b));
}

function isV6({ family }: InterfaceAddress): number {
  return family === 'IPv6' ? 1 : 0;
}

/** Why not to advertise an address of this interface; undefined when it is suitable. */
export function faultOf({ name, address }: Pick<InterfaceAddress, 'name' | 'address'>): string | undefined {
  return linkFault(address) ?? bridgeFault(name) ?? (tunnel.test(name) ? `${name} is a tunnel` : undefined);
}

/** As `faultOf`, for the source address of the route to the registry, which may be that of a tunnel. */
export function routeFaultOf({ name, address }: Pick<InterfaceAddress, 'name' | 'address'>): string | undefined {
  return linkFault(address) ?? bridgeFault(name);
}

function linkFault(address: string): string | undefined {
  return isLinkLocal(address) ? 'it is link-local' : undefined;
}

function bridgeFault(name: string): string | undefined {
  return bridges.some((bridge) => bridge.test(name))
    ? `${name} connects only containers or virtual machines of this host`
    : undefined;
}
