/** What a process can read about the container it runs in; empty where it cannot. */
export interface ContainerTraces {
  /** `/proc/self/mountinfo` */
  readonly mountinfo: string;
  /** `/proc/self/cgroup` */
  readonly cgroup: string;
  readonly hostname: string;
}

/** Files that an engine mounts into each container from a folder named after it. */
const given = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'];

/**
 * The id of the container we run in, whole or its first twelve digits; undefined when nothing tells. What the engine has
 * mounted tells best; control groups tell only in their first version, and a host name only when none was given.
 */
export function containerId({ mountinfo, cgroup, hostname }: ContainerTraces): string | undefined {
  return (
    mountedFrom(mountinfo) ??
    /\/docker[/-]([0-9a-f]{64})/.exec(cgroup)?.[1] ??
    /^[0-9a-f]{12}(?:[0-9a-f]{52})?$/.exec(hostname)?.[0]
  );
}

/** Only our own mounts: a container that runs containers itself sees theirs too. */
function mountedFrom(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [, , , root = '', mountPoint = ''] = line.split(' ');
    const id = given.includes(mountPoint) ? /containers\/([0-9a-f]{64})\//.exec(root)?.[1] : undefined;
    if (id !== undefined) return id;
  }
  return undefined;
}
