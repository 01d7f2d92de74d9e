/** What a process can read about its container; empty where it cannot be read. */
export interface ContainerTraces {
  /** `/proc/self/mountinfo` */
  readonly mountinfo: string;
  /** `/proc/self/cgroup` */
  readonly cgroup: string;
  readonly hostname: string;
}

/** Files that the engine mounts into a container from a folder named after the container. */
const mountedFiles = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'];

/**
 * The id of the container we run in, complete or its first twelve digits; undefined when it is unknown. The mounts are
 * the most reliable source: control groups have the id only in version 1, and the host name only when none was
 * configured.
 */
export function containerId({ mountinfo, cgroup, hostname }: ContainerTraces): string | undefined {
  return (
    mountedFrom(mountinfo) ??
    /\/docker[/-]([0-9a-f]{64})/.exec(cgroup)?.[1] ??
    /^[0-9a-f]{12}(?:[0-9a-f]{52})?$/.exec(hostname)?.[0]
  );
}

/** Considers only our own files: a container that runs other containers sees their mounts too. */
function mountedFrom(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [, , , root = '', mountPoint = ''] = line.split(' ');
    const id = mountedFiles.includes(mountPoint) ? /containers\/([0-9a-f]{64})\//.exec(root)?.[1] : undefined;
    if (id !== undefined) return id;
  }
  return undefined;
}
