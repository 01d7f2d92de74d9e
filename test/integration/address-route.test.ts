import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { routeSource } from '../../src/instance/route.js';
import type { AddressCandidate } from 'rollcall';

const root = fileURLToPath(new URL('../../', import.meta.url));
const never = new AbortController().signal;

/**
 * A machine of its own with a docker bridge and two networks, at the far end of each a registry. All of it is gone with
 * the process.
 */
const twoNetworks = `
set -e
unshare --net "$NODE" --import tsx test/integration/fixtures/route-peer.ts & peer=$!
trap 'kill $peer' EXIT TERM
until [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.02; done
there() { nsenter -t $peer -n "$@"; }
ip link set lo up
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
for n in 1 2; do
  ip link add eth$n type veth peer name peer$n
  ip link set peer$n netns $peer
  ip addr add 10.77.$n.2/24 dev eth$n
  ip addr add fd77:$n::2/64 dev eth$n nodad
  ip link set eth$n up
  there ip addr add 10.77.$n.1/24 dev peer$n
  there ip addr add fd77:$n::1/64 dev peer$n nodad
  there ip link set peer$n up
done
"$NODE" --import tsx test/integration/fixtures/route-client.ts "$@"
`;

/** Runs a shell script as root of a network of its own: no rights are needed for that where user namespaces are allowed. */
function inOwnNetwork(script: string, words: readonly string[] = []) {
  const options = {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, NODE: process.execPath },
  } as const;
  return spawnSync('unshare', ['--user', '--map-root-user', '--net', 'sh', '-c', script, 'sh', ...words], options);
}

const probe = inOwnNetwork('ip link add probe0 type veth peer name probe1 && unshare --net true');

interface Told {
  readonly host: string;
  readonly address?: string;
  readonly chosen: AddressCandidate;
  /** The address that the registry at the other end saw. */
  readonly seen?: string;
}

describe('the route to the registry', () => {
  if (probe.status === 0) {
    it('starts, on a machine with several networks, at the very address that the registry sees', () => {
      const { stdout, stderr, status } = inOwnNetwork(twoNetworks, [
        '10.77.1.1',
        '10.77.2.1',
        'fd77:2::1',
        '198.51.100.1',
      ]);
      expect(status, stderr).toBe(0);
      const [first, second, sixth, nowhere] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Told);
      expect(first).toMatchObject({
        address: '10.77.1.2',
        seen: '10.77.1.2',
        chosen: { source: 'route', reason: 'packets to the registry (10.77.1.1:8500) leave from it, on eth1' },
      });
      expect(second).toMatchObject({ address: '10.77.2.2', seen: '10.77.2.2', chosen: { source: 'route' } });
      expect(sixth).toMatchObject({ address: 'fd77:2::2', seen: 'fd77:2::2', chosen: { source: 'route' } });
      // No way there: the first interface that is none of Docker's.
      expect(nowhere).toMatchObject({ address: '10.77.1.2', chosen: { source: 'interface' } });
      expect(nowhere!.seen).toBeUndefined();
    });
  } else {
    it('cannot be tried in networks of our own: this machine does not let us make any', () => {
      const why = probe.error?.message ?? probe.stderr.trim();
      console.warn(
        `network namespaces cannot be made here, so the route was tried on this machine's own networks only: ${why}`,
      );
      expect(why).not.toBe('');
    });
  }

  it('starts at this very machine for each of its own addresses', async () => {
    const own = Object.values(networkInterfaces()).flatMap((infos = []) =>
      infos.map(({ address }) => address).filter((address) => !/^fe80:/i.test(address)),
    );
    expect(own).toContain('127.0.0.1');
    for (const host of own)
      expect(await routeSource({ host, port: 8500 }, never)).toBe(host.startsWith('127.') ? '127.0.0.1' : host);
  });

  it('is found for a name as well', async () => {
    expect(['127.0.0.1', '::1']).toContain(await routeSource({ host: 'localhost', port: 8500 }, never));
  });

  it('sends nothing', async () => {
    const listener: Socket = createSocket('udp4');
    const heard: string[] = [];
    listener.on('message', (message) => heard.push(String(message)));
    listener.bind(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address();
    await routeSource({ host: '127.0.0.1', port }, never);
    // What was sent before this would arrive before it.
    const marker = createSocket('udp4');
    marker.send('marker', port, '127.0.0.1');
    await once(listener, 'message');
    marker.close();
    listener.close();
    expect(heard).toEqual(['marker']);
  });

  it('says why there is none', async () => {
    // Too long a label for any resolver to be asked.
    const name = `${'r'.repeat(64)}.invalid`;
    await expect(routeSource({ host: name, port: 8500 }, never)).rejects.toThrow(name);
    await expect(routeSource({ host: '256.1.1.1', port: 8500 }, never)).rejects.toThrow();
  });

  it('is not looked for once the start is called off', async () => {
    await expect(
      routeSource({ host: '127.0.0.1', port: 8500 }, AbortSignal.abort(new Error('stopping'))),
    ).rejects.toThrow('stopping');
  });
});
