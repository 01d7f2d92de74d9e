import { describe, expect, it } from 'vitest';
import { AddressNotFoundError, ConfigError } from '../../../src/core/errors.js';
import type { ListeningServer } from '../../../src/instance/checks.js';
import { findPlace } from '../../../src/instance/find-place.js';
import type { PlaceSearch } from '../../../src/instance/find-place.js';
import { FakeClock } from '../../support/fake-clock.js';
import { fakeSystem } from '../../support/fake-system.js';
import type { FakeSystem } from '../../support/fake-system.js';

const registries = {
  /** A local agent, which fills in its own address. */
  agent: {
    name: 'consul',
    traits: { isLocal: true, suppliesAddress: true },
    endpoint: { host: '127.0.0.1', port: 8500 },
  },
  /** On this host, and fills in nothing. */
  file: { name: 'file', traits: { isLocal: true, suppliesAddress: false } },
  /** On another host. */
  far: {
    name: 'consul',
    traits: { isLocal: false, suppliesAddress: false },
    endpoint: { host: '10.9.0.1', port: 8500 },
  },
} as const;

const machines = {
  dockerHost: {
    docker0: ['172.17.0.1'],
    'br-1f2e3d4c5b6a': ['172.18.0.1'],
    veth12ab34: ['fe80::2'],
    eth0: ['192.168.1.20', 'fe80::1'],
  },
  kubernetesPod: { eth0: ['10.244.1.7', 'fe80::1'] },
  kubernetesNode: {
    eth0: ['10.0.0.4'],
    cni0: ['10.244.1.1'],
    'flannel.1': ['10.244.1.0'],
    cali12ab: ['fe80::3'],
    'kube-ipvs0': ['10.96.0.1'],
  },
  vpnLaptop: { utun3: ['10.8.0.2'], en0: ['192.168.178.30', 'fe80::1', '2001:db8::30'], awdl0: ['fe80::2'] },
  multiHomed: { eth0: ['203.0.113.5'], eth1: ['10.0.0.5'], eth2: ['10.1.0.5'] },
  swarmTask: { eth0: ['10.0.0.12'], eth1: ['172.19.0.3'], eth2: ['10.0.1.9'] },
  ipv6Only: { eth0: ['fe80::1', '2001:db8::7'] },
  loopbackOnly: {},
  linkLocalOnly: { eth0: ['169.254.10.1', 'fe80::1'] },
  tunnelOnly: { tun0: ['10.8.0.2'], wg0: ['10.10.0.2'] },
} as const;

interface Given extends FakeSystem {
  readonly address?: string;
  readonly port?: number;
  /** What the server listens on; undefined: no server. */
  readonly bound?: string | undefined;
  readonly isIpv6Only?: boolean;
  readonly listening?: number;
  readonly registry?: PlaceSearch['registry'];
}

function search({ address, port, bound, isIpv6Only = false, ...given }: Given) {
  const { listening = 8080, registry = registries.far, ...machine } = given;
  const server: ListeningServer | undefined =
    bound === undefined ? undefined : { address: bound, isIpv6Only, port: listening, protocol: 'http' };
  const system = fakeSystem(machine);
  const clock = new FakeClock();
  const warnings: string[] = [];
  const plan = {
    config: { address, port },
    server,
    registry,
    system,
    clock,
    random: () => 0.5,
    onWarning: (message: string) => warnings.push(message),
  };
  return { found: findPlace(plan, new AbortController().signal), system, clock, warnings };
}

const find = (given: Given) => search(given).found;
const chosen = async (given: Given) => {
  const { address, candidates } = await find(given);
  expect(candidates.filter(({ chosen }) => chosen).map((candidate) => candidate.address)).toEqual([address]);
  return `${candidates.find(({ chosen }) => chosen)!.source} ${address ?? "the agent's"}`;
};

describe('on each machine, with a server on every interface', () => {
  it.each<[string, string, Given]>([
    ['a docker host', 'interface 192.168.1.20', { interfaces: machines.dockerHost }],
    [
      'a docker host with a local agent',
      "registry the agent's",
      { interfaces: machines.dockerHost, registry: registries.agent },
    ],
    [
      'a docker host with a registry in a container',
      'interface 192.168.1.20',
      { interfaces: machines.dockerHost, route: '172.17.0.1' },
    ],
    [
      'a pod that knows its IP',
      'pod 10.244.1.7',
      { interfaces: machines.kubernetesPod, env: { POD_IP: '10.244.1.7' }, route: '10.244.1.7' },
    ],
    [
      'a pod with an agent beside it',
      'pod 10.244.1.7',
      { interfaces: machines.kubernetesPod, env: { MY_POD_IP: '10.244.1.7' }, registry: registries.agent },
    ],
    ['a pod that knows nothing', 'route 10.244.1.7', { interfaces: machines.kubernetesPod, route: '10.244.1.7' }],
    ['a Kubernetes node', 'interface 10.0.0.4', { interfaces: machines.kubernetesNode }],
    [
      'a laptop whose registry is beyond the VPN',
      'route 10.8.0.2',
      { interfaces: machines.vpnLaptop, route: '10.8.0.2' },
    ],
    [
      'a laptop whose registry is not',
      'route 192.168.178.30',
      { interfaces: machines.vpnLaptop, route: '192.168.178.30' },
    ],
    ['a laptop without a route', 'interface 192.168.178.30', { interfaces: machines.vpnLaptop }],
    ['a host with several networks', 'route 10.1.0.5', { interfaces: machines.multiHomed, route: '10.1.0.5' }],
    ['a host with several networks and no route', 'interface 203.0.113.5', { interfaces: machines.multiHomed }],
    ['a swarm task', 'route 10.0.1.9', { interfaces: machines.swarmTask, route: '10.0.1.9' }],
    ['an IPv6-only host', 'interface 2001:db8::7', { interfaces: machines.ipv6Only }],
    ['an IPv6-only host with a route', 'route 2001:db8::7', { interfaces: machines.ipv6Only, route: '2001:db8::7' }],
    [
      'a host that shows IPv4 in IPv6 form',
      'route 10.0.0.5',
      { interfaces: machines.multiHomed, route: '::ffff:10.0.0.5' },
    ],
    [
      'a host without a network, whose registry is on it',
      'interface 127.0.0.1',
      { interfaces: machines.loopbackOnly, registry: registries.file },
    ],
    [
      'a host with a tunnel alone, whose registry is on it',
      'interface 127.0.0.1',
      { interfaces: machines.tunnelOnly, registry: registries.file },
    ],
  ])('%s is found at %s', async (_, expected, given) => {
    for (const bound of ['::', undefined])
      expect(await chosen({ ...given, bound }), `bound to ${String(bound)}`).toBe(expected);
    const ipv4 = { ...given, bound: '0.0.0.0' };
    if (expected.includes('2001:')) await expect(find(ipv4)).rejects.toThrow('the server listens only on IPv4');
    else expect(await chosen(ipv4), 'bound to 0.0.0.0').toBe(expected);
  });

  it('a server on :: that takes IPv6 alone is found at the IPv6 address, or refused', async () => {
    const only = { bound: '::', isIpv6Only: true };
    expect(await chosen({ ...only, interfaces: machines.vpnLaptop })).toBe('interface 2001:db8::30');
    await expect(find({ ...only, interfaces: machines.dockerHost })).rejects.toThrow('the server listens only on IPv6');
  });

  it.each<[string, FakeSystem['interfaces']]>([
    ['loopback', machines.loopbackOnly],
    ['link-local addresses', machines.linkLocalOnly],
    ['tunnels', machines.tunnelOnly],
    ['bridges', { docker0: ['172.17.0.1'], virbr0: ['192.168.122.1'], podman0: ['10.88.0.1'] }],
  ])('one with %s alone is refused with the next step', async (_, interfaces = {}) => {
    const refused = expect(find({ bound: '::', interfaces })).rejects;
    await refused.toBeInstanceOf(AddressNotFoundError);
    for (const said of ['`address` or SERVICE_ADDRESS', ...Object.values(interfaces).flat()])
      await refused.toThrow(said);
  });
});

describe('a configured address', () => {
  it('comes before everything else', async () => {
    expect(
      await chosen({
        address: 'orders.internal',
        bound: '10.0.0.9',
        env: { POD_IP: '10.1.1.1' },
        interfaces: machines.multiHomed,
      }),
    ).toBe('configured orders.internal');
  });

  it.each(['127.0.0.1', 'localhost', '::1', '::ffff:127.0.0.1'])(
    'on loopback (%s) is refused towards a registry elsewhere, before it is asked for anything',
    async (address) => {
      const { found, system } = search({ address, bound: '::' });
      await expect(found).rejects.toBeInstanceOf(ConfigError);
      await expect(found).rejects.toThrow(/address: .*SERVICE_ADDRESS.*consul at 10\.9\.0\.1:8500/);
      expect(system.asked).toBe(0);
    },
  );

  it('on loopback will do for a registry on this host', async () => {
    expect(await chosen({ address: '127.0.0.1', bound: '::', registry: registries.agent })).toBe(
      'configured 127.0.0.1',
    );
  });
});

describe('a server that listens on one address', () => {
  it('is found there', async () => {
    expect(await chosen({ bound: '10.0.0.5', interfaces: machines.multiHomed, route: '10.1.0.5' })).toBe(
      'bound 10.0.0.5',
    );
    expect(await chosen({ bound: '::ffff:10.0.0.5', registry: registries.agent })).toBe('bound 10.0.0.5');
  });

  it('is not found at the IP of a pod that it does not listen on', async () => {
    expect(await chosen({ bound: '10.0.0.5', env: { POD_IP: '10.244.1.7' } })).toBe('bound 10.0.0.5');
  });

  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])(
    'is found on loopback (%s) by a registry on this host, and refused towards one elsewhere',
    async (bound) => {
      expect(await chosen({ bound, registry: registries.file, interfaces: machines.multiHomed })).toMatch(
        /^bound (127\.0\.0\.1|::1)$/,
      );
      const elsewhere = find({
        bound,
        interfaces: machines.multiHomed,
        route: '10.0.0.5',
        env: { POD_IP: '10.0.0.5', NOMAD_PORT_http: '8080', NOMAD_IP_http: '10.0.0.5' },
      });
      await expect(elsewhere).rejects.toThrow(
        /listens only on (127\.0\.0\.1|::1).*consul at 10\.9\.0\.1:8500.*Listen on 0\.0\.0\.0/,
      );
    },
  );
});

describe('what a pod says', () => {
  it.each([
    ['is no IP', 'status.podIP', 'it is not an IP address'],
    ['is no IP', '10.0.0', 'it is not an IP address'],
    ['is loopback', '127.0.0.1', 'only this host reaches it, but the registry is on another host'],
  ])('is passed over when it %s (%s)', async (_, value, reason) => {
    const { address, candidates } = await find({
      bound: '::',
      env: { POD_IP: value },
      interfaces: machines.kubernetesPod,
    });
    expect(address).toBe('10.244.1.7');
    expect(candidates[0]).toEqual({ address: value, source: 'pod', chosen: false, reason });
  });
});

describe('what Nomad says', () => {
  const env = {
    NOMAD_PORT_http: '8080',
    NOMAD_IP_http: '10.2.0.1',
    NOMAD_HOST_PORT_http: '23456',
    NOMAD_PORT_metrics: '9000',
    NOMAD_IP_metrics: '10.2.0.2',
  };

  it('is address and port of the label whose port is listened on', async () => {
    expect(await find({ bound: '::', env })).toMatchObject({ address: '10.2.0.1', port: 23_456 });
    expect(await find({ port: 9000, env })).toMatchObject({ address: '10.2.0.2', port: 9000 });
  });

  it('leaves a port that was said alone', async () => {
    expect(await find({ bound: '::', port: 80, env })).toMatchObject({ address: '10.2.0.1', port: 80 });
  });

  it('says nothing about another port, nor where two labels differ', async () => {
    expect(await chosen({ bound: '::', listening: 4000, env, route: '10.0.0.5' })).toBe('route 10.0.0.5');
    const two = { ...env, NOMAD_PORT_admin: '8080', NOMAD_IP_admin: '10.2.0.9' };
    expect(await chosen({ bound: '::', env: two, route: '10.0.0.5' })).toBe('route 10.0.0.5');
  });
});

describe('the route to the registry', () => {
  it('is not asked for when the address is known, nor for a registry on this host', async () => {
    for (const given of [{ address: 'orders' }, { bound: '10.0.0.5' }, { bound: '::', registry: registries.agent }]) {
      const { found, system } = search({ ...given, route: '10.0.0.7' });
      await found;
      expect(system.asked).toBe(0);
    }
  });

  it.each([
    ['172.17.0.1', 'docker0 connects only containers or virtual machines of this host'],
    ['169.254.1.1', 'it is link-local'],
    ['127.0.0.1', 'only this host reaches it, but the registry is on another host'],
  ])('is passed over when it starts at %s', async (route, reason) => {
    const { candidates, address } = await find({ bound: '::', interfaces: machines.dockerHost, route });
    expect(address).toBe('192.168.1.20');
    expect(candidates.find(({ source }) => source === 'route')).toMatchObject({ address: route, reason });
  });

  it('is waited for no longer than a second', async () => {
    const { found, clock } = search({
      bound: '::',
      interfaces: machines.multiHomed,
      route: new Promise<string>(() => undefined),
    });
    await clock.advance(1_000);
    const { address, candidates } = await found;
    expect(address).toBe('203.0.113.5');
    expect(candidates.find(({ source }) => source === 'route')!.reason).toMatch(
      /^no route to 10\.9\.0\.1:8500: .*took longer than 1000 ms$/,
    );
    expect(clock.pending).toBe(0);
  });
});

describe('the candidates', () => {
  it('are all there, each with its reason, the chosen one marked', async () => {
    const { candidates, notes } = await find({
      bound: '::',
      env: { POD_IP: 'x' },
      interfaces: { ...machines.dockerHost, tun0: ['10.8.0.2'], eth1: ['10.0.0.5'] },
      route: '10.0.0.5',
    });
    expect(
      candidates.map(
        ({ chosen, source, address, reason }) => `${chosen ? '*' : ' '} ${source} ${String(address)}: ${reason}`,
      ),
    ).toEqual([
      '  pod x: it is not an IP address',
      '  bound ::: it means every interface',
      '* route 10.0.0.5: packets to the registry (10.9.0.1:8500) leave from it, on eth1',
      '  interface 172.17.0.1: docker0 connects only containers or virtual machines of this host',
      '  interface 172.18.0.1: br-1f2e3d4c5b6a connects only containers or virtual machines of this host',
      '  interface 192.168.1.20: not needed, although it is the first external address, of eth0',
      '  interface 10.8.0.2: tun0 is a tunnel',
      '  interface 10.0.0.5: not needed, although it is another external address, of eth1',
      '  interface fe80::2: it is link-local (veth12ab34)',
      '  interface fe80::1: it is link-local (eth0)',
      '  interface 127.0.0.1: only this host reaches it, but the registry is on another host (lo)',
      '  interface ::1: only this host reaches it, but the registry is on another host (lo)',
    ]);
    expect(notes).toEqual([
      'advertising 10.0.0.5, because packets to the registry (10.9.0.1:8500) leave from it, on eth1',
    ]);
  });
});

describe('the port', () => {
  it('is the one listened on, or the one that was said, with a note', async () => {
    expect(await find({ bound: '::', registry: registries.agent })).toMatchObject({
      port: 8080,
      notes: ['advertising no address, because the registry fills in the address of its host'],
    });
    const said = await find({ bound: '::', port: 80, registry: registries.agent });
    expect([said.port, said.notes.at(-1)]).toEqual([80, 'advertising port 80 while the server listens on 8080']);
  });

  it('is not needed', async () => {
    expect((await find({ registry: registries.agent })).port).toBeUndefined();
  });
});
