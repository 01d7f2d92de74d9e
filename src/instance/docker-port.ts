import { isIpv6, isLoopback, isWildcard } from '../net/ip-address.js';
import { containerId } from './container-id.js';
import type { ContainerTraces } from './container-id.js';
import { inspectContainer, refusal } from './docker-engine.js';
import type { Container, EngineTarget, PortBinding } from './docker-engine.js';

/** Where Docker publishes a port of ours. */
export interface PublishedPort {
  readonly port: number;
  /** The one address of the host it is published on; undefined: all of them. */
  readonly hostIp: string | undefined;
  /** What is worth a person's attention. */
  readonly warning?: string;
}

/** What the search for the published port depends on. */
export interface DockerPlace {
  readonly target: EngineTarget;
  readonly traces: ContainerTraces;
  /** The port that the server listens on; absent without a server: then the container's only published one is meant. */
  readonly listening: number | undefined;
  /** The registry is on this host, so that an address only this host reaches will do. */
  readonly isLocal: boolean;
}

/**
 * The host's port that leads to the one we listen on, from the Docker Engine API; undefined when the container has the host's own
 * network, where the two are the same. Throws `ConfigError` with the next step for what another try cannot mend, and an `Error` for what it may.
 */
export async function publishedPort(
  { target, traces, listening, isLocal }: DockerPlace,
  signal: AbortSignal,
): Promise<PublishedPort | undefined> {
  const own = containerId(traces);
  if (own === undefined)
    throw refusal('only in a container that Docker runs, and this is none; leave `port` out, or give a number');
  const container = await networkOwner(target, await inspectContainer(target, own, signal), signal);
  if (container.networkMode === 'host') return undefined;
  return choose(portOf(container, listening), isLocal);
}

/** A container may live in the network of another: what is published is published there. */
async function networkOwner(target: EngineTarget, container: Container, signal: AbortSignal): Promise<Container> {
  const other = /^container:(.+)$/.exec(container.networkMode)?.[1];
  return other === undefined ? container : inspectContainer(target, other, signal);
}

function portOf(
  { ports, id }: Container,
  listening: number | undefined,
): { name: string; bindings: readonly PortBinding[] } {
  const published = Object.entries(ports).filter(([name, bindings]) => name.endsWith('/tcp') && bindings.length > 0);
  const names = published.map(([name]) => name);
  const known = names.length === 0 ? 'nothing is' : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'}`;
  if (listening === undefined) {
    const [only] = published;
    if (only === undefined || published.length > 1)
      throw refusal(
        `needs a bound server, or exactly one published port to mean: of container ${id.slice(0, 12)} ${known} published`,
      );
    return { name: only[0], bindings: only[1] };
  }
  const name = `${String(listening)}/tcp`;
  const bindings = ports[name] ?? [];
  if (bindings.length > 0) return { name, bindings };
  const step = `publish it (docker run -p ${String(listening)}, or \`ports: ["${String(listening)}"]\` in a compose file), or say with SERVICE_PORT what leads to it`;
  throw refusal(`port ${name} of container ${id.slice(0, 12)} is not published (${known}): ${step}`);
}

function choose(
  { name, bindings }: { name: string; bindings: readonly PortBinding[] },
  isLocal: boolean,
): PublishedPort {
  const usable = isLocal ? bindings : bindings.filter(({ hostIp }) => !isLoopback(hostIp));
  const [first] = usable;
  if (first === undefined) {
    throw refusal(
      `port ${name} is published on ${bindings.map(show).join(', ')} alone, where nobody beyond the host reaches it, and the registry is on another: publish it on an address of the host`,
    );
  }
  const hostIp = first.hostIp === '' || isWildcard(first.hostIp) ? undefined : first.hostIp;
  // Docker lists a port that is published everywhere once for IPv4 and once for IPv6.
  const others = usable.filter(({ hostPort }) => hostPort !== first.hostPort);
  if (others.length === 0) return { port: first.hostPort, hostIp };
  return {
    port: first.hostPort,
    hostIp,
    warning: `port ${name} is published more than once: advertising ${show(first)}, not ${others.map(show).join(', ')}`,
  };
}

function show({ hostIp, hostPort }: PortBinding): string {
  return `${isIpv6(hostIp) ? `[${hostIp}]` : hostIp || '0.0.0.0'}:${String(hostPort)}`;
}
