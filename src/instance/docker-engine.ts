import { ConfigError, isError } from '../core/errors.js';
import { parseSlicedJson } from '../core/sliced-json.js';
import { isTooLong } from '../net/answer-cap.js';
import { Cancellation, sendOnce } from '../net/http-request.js';
import type { HttpAnswer } from '../net/http-request.js';
import { isIpAddress, unbracketed } from '../net/ip-address.js';

/** The endpoint of the Docker Engine. */
export type EngineTarget = ({ readonly socketPath: string } | { readonly host: string; readonly port: number }) & {
  readonly shown: string;
};

/** The network settings of a container. */
export interface Container {
  readonly id: string;
  /** `host`, `container:<id>`, `bridge` or the name of a network. */
  readonly networkMode: string;
  /** The host bindings of each port, e.g. of `3000/tcp`; empty for a port that is exposed but not published. */
  readonly ports: Readonly<Record<string, readonly PortBinding[]>>;
}

export interface PortBinding {
  /** Empty, `0.0.0.0` or `::` for every address of the host. */
  readonly hostIp: string;
  readonly hostPort: number;
}

const DEFAULT_SOCKET = '/var/run/docker.sock';
const DEFAULT_PORT = 2375;
/** Far above the size of the answer about one container, about ten thousand characters. */
const LONGEST_ANSWER = 1024 * 1024;
const NEXT_STEP = 'or set the port with SERVICE_PORT';

/** The endpoint in `DOCKER_HOST`, or the default socket. Throws `ConfigError` for an unsupported value. */
export function engineTarget(dockerHost: string | undefined): EngineTarget {
  if (dockerHost === undefined) return { socketPath: DEFAULT_SOCKET, shown: DEFAULT_SOCKET };
  const socketPath = /^unix:\/\/(\/.+)$/.exec(dockerHost)?.[1];
  if (socketPath !== undefined) return { socketPath, shown: socketPath };
  const [, host, port] = /^(?:tcp|http):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?\/?$/i.exec(dockerHost) ?? [];
  if (host === undefined)
    throw new ConfigError([
      { field: 'DOCKER_HOST', value: dockerHost, allowed: `unix:///path or tcp://host:port, ${NEXT_STEP}` },
    ]);
  return { host: unbracketed(host), port: Number(port ?? DEFAULT_PORT), shown: dockerHost };
}

/**
 * Inspects one container. Rejects with `ConfigError` when a retry cannot succeed (no socket, no permission, no such
 * container), and with another `Error` when it can.
 */
export async function inspectContainer(target: EngineTarget, id: string, signal: AbortSignal): Promise<Container> {
  const { status, body } = await get(target, `/containers/${encodeURIComponent(id)}/json`, signal).catch(
    (thrown: unknown) => {
      signal.throwIfAborted();
      throw unreachable(target, thrown);
    },
  );
  if (status === 403)
    throw refusal(
      `the Docker Engine at ${target.shown} denies access to containers (403): ` +
        `allow it in the proxy (CONTAINERS=1), ${NEXT_STEP}`,
    );
  if (status === 404)
    throw refusal(
      `the Docker Engine at ${target.shown} has no container ${id}, so it does not run this process: ` +
        `correct DOCKER_HOST, ${NEXT_STEP}`,
    );
  if (status >= 500) throw new Error(`the Docker Engine at ${target.shown} answered ${String(status)}`);
  return parse(body, id, target, signal);
}

/** A `ConfigError` about `port: 'docker'`. */
export function refusal(allowed: string): ConfigError {
  return new ConfigError([{ field: 'port', value: 'docker', allowed }]);
}

async function get(target: EngineTarget, path: string, signal: AbortSignal): Promise<HttpAnswer> {
  const [http, { createUnheldAgent }] = await Promise.all([import('node:http'), import('../net/http-agent.js')]);
  signal.throwIfAborted();
  const agent = createUnheldAgent(1);
  const { shown: _shown, ...endpoint } = target;
  const cancellation = new Cancellation();
  signal.addEventListener('abort', cancellation, { once: true });
  try {
    const options = { ...endpoint, path, agent };
    return await sendOnce(http, options, undefined, cancellation, { cap: { bytes: LONGEST_ANSWER } });
  } finally {
    signal.removeEventListener('abort', cancellation);
    agent.destroy();
  }
}

function unreachable({ shown }: EngineTarget, thrown: unknown): Error {
  if (isTooLong(thrown)) return notDocker(shown);
  const code = isError(thrown) && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ENOENT') {
    return refusal(
      `there is no Docker Engine at ${shown}: ` +
        `set DOCKER_HOST to a proxy that allows reading containers, mount the socket, ${NEXT_STEP}`,
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return refusal(
      `no permission to use ${shown}: ` +
        `run in the socket's group, set DOCKER_HOST to a proxy that allows reading containers, ${NEXT_STEP}`,
    );
  }
  if (typeof code === 'string' && code.startsWith('HPE_')) return notDocker(shown);
  return new Error(
    `the Docker Engine at ${shown} cannot be reached: ${isError(thrown) ? thrown.message : String(thrown)}`,
    { cause: thrown },
  );
}

async function parse(body: Buffer, id: string, target: EngineTarget, signal: AbortSignal): Promise<Container> {
  let answer: unknown;
  try {
    answer = await parseSlicedJson(body, signal);
  } catch {
    signal.throwIfAborted();
    throw notDocker(target.shown);
  }
  if (typeof field(answer, 'Id') !== 'string') throw notDocker(target.shown);
  const networkMode = field(field(answer, 'HostConfig'), 'NetworkMode');
  const ports = Object.entries(asObject(field(field(answer, 'NetworkSettings'), 'Ports')));
  return {
    id,
    networkMode: typeof networkMode === 'string' ? networkMode : '',
    ports: Object.fromEntries(
      ports.map(([port, bindings]) => [port, Array.isArray(bindings) ? bindings.flatMap(bindingOf) : []]),
    ),
  };
}

function notDocker(shown: string): ConfigError {
  return refusal(
    `the server at ${shown} is not a Docker Engine that speaks plain HTTP: correct DOCKER_HOST, ${NEXT_STEP}`,
  );
}

function bindingOf(binding: unknown): PortBinding[] {
  const hostIp = field(binding, 'HostIp') ?? '';
  const hostPort = Number(field(binding, 'HostPort'));
  const usable = Number.isInteger(hostPort) && hostPort > 0 && hostPort < 65_536;
  return usable && typeof hostIp === 'string' && (hostIp === '' || isIpAddress(hostIp)) ? [{ hostIp, hostPort }] : [];
}

function field(value: unknown, name: string): unknown {
  return asObject(value)[name];
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
