import type { Clock } from '../core/clock.js';
import type { Config } from '../config/config.js';
import type { NomadPort } from '../config/platform-env.js';
import { AddressNotFoundError, ConfigError, asError, hasCode } from '../core/errors.js';
import type { Registry } from '../contracts/registry.js';
import { withDeadline } from '../core/deadline.js';
import { retry } from '../core/retry.js';
import { candidatesOf, foundProspects, statedProspects } from './address-candidates.js';
import type { AddressFacts, RouteFinding } from './address-candidates.js';
import type { AddressCandidate } from '../contracts/address-candidate.js';
import { hostPort, isLoopback, unmapped } from '../net/ip-address.js';
import type { ListeningServer } from './checks.js';
import type { PublishedPort } from './docker-port.js';
import type { LocalSystem } from './local-system.js';
import { unservedFamily } from './served-family.js';

/** Only the lookup of a host name takes time. */
const ROUTE_DEADLINE_MS = 1_000;
const ENGINE_DEADLINE_MS = 2_000;
const ENGINE_BACKOFF = { firstMs: 250, capMs: 5_000 };

/** The address and port to advertise. */
export interface Place {
  /** Undefined: the registry fills in the address of its host. */
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Every address considered, in the order of preference. */
  readonly candidates: readonly AddressCandidate[];
  /** Addresses to advertise in place of the one that the registry fills in, the best first. */
  readonly spare: readonly string[];
  /** How address and port were chosen, for people. */
  readonly notes: readonly string[];
}

/** The facts that the search depends on. */
export interface PlaceSearch {
  readonly config: Pick<Config, 'address' | 'port'>;
  /** Absent for a service without a server. */
  readonly server: ListeningServer | undefined;
  readonly registry: Pick<Registry, 'name' | 'traits' | 'endpoint'>;
  readonly system: LocalSystem;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called with problems while the search continues. */
  readonly onWarning: (message: string) => void;
}

/**
 * Finds the address and port to advertise. Looks up the route to the registry only when no other source has an address,
 * and queries the Docker Engine only under `port: 'docker'`, with retries. Rejects with `AddressNotFoundError` when no
 * address is usable, with `ConfigError` for an invalid setting, and with the signal's reason.
 */
export async function findPlace(search: PlaceSearch, signal: AbortSignal): Promise<Place> {
  const { config, server, registry, system } = search;
  refuseLoopback(config.address, registry);
  const { pod, nomad } = system.platform();
  const published = config.port === 'docker' ? await queryDocker(search, signal) : undefined;
  const configured = config.port === 'docker' ? undefined : config.port;
  const allocated = nomadPort(nomad, server?.port ?? configured);
  const facts = {
    configured: config.address,
    bound: server?.address,
    unserved: unservedFamily(server),
    published,
    pod,
    nomad: allocated,
    registry,
    interfaces: system.interfaces(),
  };
  const stated = statedProspects(facts);
  const route = stated.some(({ fault }) => fault === undefined) ? undefined : await findRoute(search, signal);
  const prospects = [...stated, ...foundProspects({ ...facts, route })];
  const candidates = candidatesOf(prospects);
  const chosen = candidates.find((candidate) => candidate.chosen);
  if (chosen === undefined) throw addressNotFound(facts, registry, candidates);
  // A proxy or a container may map the port, so a stated port takes precedence over the server's.
  const port = published?.port ?? configured ?? allocated?.hostPort ?? server?.port;
  return {
    address: chosen.address,
    port,
    candidates,
    spare: prospects.flatMap(({ address, fault }) => (address === undefined || fault !== undefined ? [] : [address])),
    notes: [addressNote(chosen), ...portNotes(port, server)],
  };
}

/** One line: the chosen address and why. */
function addressNote({ address, reason }: AddressCandidate): string {
  return address === undefined
    ? `advertising no address, because ${reason}`
    : `advertising ${address}, because ${reason}`;
}

function portNotes(port: number | undefined, server: ListeningServer | undefined): string[] {
  if (server === undefined || port === undefined || port === server.port) return [];
  return [`advertising port ${String(port)} while the server listens on ${String(server.port)}`];
}

function refuseLoopback(address: string | undefined, registry: PlaceSearch['registry']): void {
  if (address === undefined || registry.traits.isLocal || !isLoopback(address)) return;
  const allowed =
    `an address that other hosts reach, in \`address\` or SERVICE_ADDRESS, because the registry ` +
    `(${nameOf(registry)}) is on another host; or neither, to detect the address`;
  throw new ConfigError([{ field: 'address', value: address, allowed }]);
}

/** The port that Nomad maps to the one we listen on; undefined when several mappings differ. */
function nomadPort(ports: readonly NomadPort[], listening: number | undefined): NomadPort | undefined {
  const matching = ports.filter(({ port }) => port === listening);
  const [first] = matching;
  return matching.every(({ address, hostPort: outside }) => address === first?.address && outside === first.hostPort)
    ? first
    : undefined;
}

async function findRoute(
  { registry, system, clock }: PlaceSearch,
  signal: AbortSignal,
): Promise<RouteFinding | undefined> {
  const { endpoint, traits } = registry;
  if (endpoint === undefined || traits.isLocal) return undefined;
  const towards = hostPort(endpoint.host, endpoint.port);
  const operation = `finding the route to ${towards}`;
  try {
    return {
      towards,
      source: await withDeadline(clock, ROUTE_DEADLINE_MS, { operation }, signal, (bounded) =>
        system.routeSource(endpoint, bounded),
      ),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    return { towards, fault: asError(thrown).message };
  }
}

/** Retries without a limit, since the engine may be restarting. */
async function queryDocker(
  { server, registry, system, clock, random, onWarning }: PlaceSearch,
  signal: AbortSignal,
): Promise<PublishedPort | undefined> {
  // Loaded only for `port: 'docker'`.
  const [{ engineTarget }, { publishedPort }] = await Promise.all([
    import('./docker-engine.js'),
    import('./docker-port.js'),
  ]);
  const target = engineTarget(system.platform().dockerHost);
  const [mountinfo, cgroup] = await Promise.all(
    ['mountinfo', 'cgroup'].map((file) => system.readText(`/proc/self/${file}`)),
  );
  const traces = { mountinfo: mountinfo ?? '', cgroup: cgroup ?? '', hostname: system.hostname() };
  const place = { target, traces, listening: server?.port, isLocal: registry.traits.isLocal };
  let warned = false;
  const published = await retry(
    () =>
      withDeadline(
        clock,
        ENGINE_DEADLINE_MS,
        { operation: 'querying Docker for the published port' },
        signal,
        (bounded) => publishedPort(place, bounded),
      ),
    {
      clock,
      random,
      signal,
      backoff: () => ENGINE_BACKOFF,
      mayRetry: (error) => !hasCode(error, 'ROLLCALL_CONFIG'),
      onFailed: ({ message }) => {
        if (!warned) onWarning(`the published port is not known yet, so the start is delayed; retrying: ${message}`);
        warned = true;
      },
    },
  );
  if (published?.warning !== undefined) onWarning(published.warning);
  return published;
}

function addressNotFound(
  { bound, published }: AddressFacts,
  registry: PlaceSearch['registry'],
  candidates: readonly AddressCandidate[],
): AddressNotFoundError {
  if (published !== undefined) {
    return new AddressNotFoundError(
      'Docker publishes the port on every address of the host, and a container cannot detect those: ' +
        'set `address` or SERVICE_ADDRESS to an address of the host.',
    );
  }
  if (bound !== undefined && isLoopback(bound)) {
    return new AddressNotFoundError(
      `The server listens only on ${unmapped(bound)}, which only this host reaches, but the registry ` +
        `(${nameOf(registry)}) is on another host. Listen on 0.0.0.0 or ::, ` +
        'or set `address` or SERVICE_ADDRESS to an address that other hosts reach.',
    );
  }
  const rejected = candidates.map(({ address, reason }) => (address === undefined ? reason : `${address} (${reason})`));
  const reasons = rejected.length === 0 ? '' : `; rejected: ${rejected.join(', ')}`;
  return new AddressNotFoundError(
    `This host has no address that other hosts reach${reasons}. Set \`address\` or SERVICE_ADDRESS to one.`,
  );
}

function nameOf({ name, endpoint }: PlaceSearch['registry']): string {
  return endpoint === undefined ? name : `${name} at ${hostPort(endpoint.host, endpoint.port)}`;
}
