import { isIpv6, isLoopback, isWildcard } from '../net/ip-address.js';
import { containerId } from './container-id.js';
import type { ContainerTraces } from './container-id.js';
import { inspectContainer, refusal } from './docker-engine.js';
import type { Container, EngineTarget, PortBinding } from './docker-engine.js';

/** The host port that Docker publishes for a port of this container. */
export interface PublishedPort {
  readonly port: number;
  /** The host address that it is published on; undefined: all addresses. */
  readonly hostIp: string | undefined;
  /** A problem that does not prevent the start. */
  readonly warning?: string;
}

/** The facts that the search for the published port depends on. */
export interface DockerPlace {
  readonly target: EngineTarget;
  readonly traces: ContainerTraces;
  /** The port that the server listens on; absent without a server, which selects the only published port. */
  readonly listening: number | undefined;
  /** The registry is on this host, so that a loopback address suffices. */
  readonly isLocal: boolean;
}

/**
 * The host port that Docker publishes for our port, from the Docker Engine API; undefined when the container uses the
 * host's network, where both are the same. Rejects with `ConfigError`, which says the next step, when a retry cannot
 * succeed, and with another `Error` when it can.
 */
export async function publishedPort(
  { target, traces, listening, isLocal }: DockerPlace,
  signal: AbortSignal,
): Promise<PublishedPort | undefined> {
  const own = containerId(traces);
  if (own === undefined)
    throw refusal('only in a container of Docker, and this process runs in none; omit `port`, or set a number');
  const container = await networkOwner(target, await inspectContainer(target, own, signal), signal);
  if (container.networkMode === 'host') return undefined;
  return choose(portOf(container, listening), isLocal);
}

/** A container can use the network of another container, which then publishes the ports. */
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
  const known = names.length === 0 ? 'none is' : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'}`;
  if (listening === undefined) {
    const [only] = published;
    if (only === undefined || published.length > 1)
      throw refusal(
        `with a bound server, or with exactly one published port; of container ${id.slice(0, 12)} ${known} published`,
      );
    return { name: only[0], bindings: only[1] };
  }
  const name = `${String(listening)}/tcp`;
  const bindings = ports[name] ?? [];
  if (bindings.length > 0) return { name, bindings };
  const step =
    `publish it (docker run -p ${String(listening)}, or \`ports: ["${String(listening)}"]\` in a compose file), ` +
    'or set SERVICE_PORT to the port that leads to it';
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
      `port ${name} is published only on ${bindings.map(show).join(', ')}, which only the host reaches, ` +
        'but the registry is on another host: publish it on an external address of the host',
    );
  }
  const hostIp = first.hostIp === '' || isWildcard(first.hostIp) ? undefined : first.hostIp;
  // Docker lists a port that is published on all addresses once for IPv4 and once for IPv6.
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
