import { expect, it } from 'vitest';
import { containerId } from '../../../src/instance/container-id.js';

const id = '4fa6e0f0c6786287e131c3852c58a2e01cc697a68231826813597e4994f1d6e2';
const inner = 'b'.repeat(64);
const nothing = { mountinfo: '', cgroup: '', hostname: 'orders' };
const overlay =
  '1190 1034 0:98 / / rw,relatime master:312 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/AAAA';
const mount = (root: string, point: string) => `1203 1190 254:1 ${root} ${point} rw,relatime - ext4 /dev/vda1 rw`;

it.each([
  ['Docker', `/var/lib/docker/containers/${id}/hostname`],
  ['Docker with remapped users', `/var/lib/docker/100000.100000/containers/${id}/resolv.conf`],
  ['Podman', `/containers/storage/overlay-containers/${id}/userdata/hosts`],
])('is read from what %s has mounted', (_, root) => {
  const point = root.endsWith('hostname')
    ? '/etc/hostname'
    : root.endsWith('hosts')
      ? '/etc/hosts'
      : '/etc/resolv.conf';
  expect(containerId({ ...nothing, mountinfo: [overlay, mount(root, point)].join('\n') })).toBe(id);
});

it('is our own where containers run in the container', () => {
  const theirs = mount(
    `/var/lib/docker/containers/${inner}/mounts/shm`,
    `/var/lib/docker/containers/${inner}/mounts/shm`,
  );
  expect(
    containerId({
      ...nothing,
      mountinfo: [theirs, mount(`/var/lib/docker/containers/${id}/hostname`, '/etc/hostname')].join('\n'),
    }),
  ).toBe(id);
});

it.each([
  ['cgroupfs', `12:cpu,cpuacct:/docker/${id}\n11:memory:/docker/${id}`],
  ['systemd', `0::/system.slice/docker-${id}.scope`],
])('is read from control groups (%s) where no mount tells', (_, cgroup) => {
  expect(containerId({ ...nothing, mountinfo: overlay, cgroup })).toBe(id);
});

it('is the host name where Docker has given it', () => {
  expect(containerId({ ...nothing, cgroup: '0::/', hostname: id.slice(0, 12) })).toBe(id.slice(0, 12));
});

it('is unknown outside of a container', () => {
  const mountinfo = `25 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n${mount('/etc/hosts', '/etc/hosts')}`;
  expect(containerId({ mountinfo, cgroup: '0::/user.slice/user-1000.slice', hostname: 'web1' })).toBeUndefined();
});
