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

/** Looking up a name is all that takes time. */
const ROUTE_DEADLINE_MS = 1_000;
const ENGINE_DEADLINE_MS = 2_000;
const ENGINE_BACKOFF = { firstMs: 250, capMs: 5_000 };

/** Where others reach us. */
export interface Place {
  /** Undefined: the registry fills in its own host's. */
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Every address that was thought of, in the order of preference. */
  readonly candidates: readonly AddressCandidate[];
  /** How address and port were chosen, for a person. */
  readonly notes: readonly string[];
}

/** What the search for it depends on. */
export interface PlaceSearch {
  readonly config: Pick<Config, 'address' | 'port'>;
  /** Absent for a service without one. */
  readonly server: ListeningServer | undefined;
  readonly registry: Pick<Registry, 'name' | 'traits' | 'endpoint'>;
  readonly system: LocalSystem;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told what is worth a person's attention while the search goes on. */
  readonly onWarning: (message: string) => void;
}

/**
 * Finds the address and the port that others reach us by. Asks the system for its route to the registry only when nobody has said an address,
 * and the Docker Engine only when told to, as often as it takes. Throws `AddressNotFoundError` when nobody could reach us, `ConfigError`
 * for what was asked for and cannot be, and the signal's reason.
 */
export async function findPlace(search: PlaceSearch, signal: AbortSignal): Promise<Place> {
  const { config, server, registry, system } = search;
  refuseLoopback(config.address, registry);
  const { pod, nomad } = system.platform();
  const published = config.port === 'docker' ? await askDocker(search, signal) : undefined;
  const given = config.port === 'docker' ? undefined : config.port;
  const ours = nomadPort(nomad, server?.port ?? given);
  const facts = {
    configured: config.address,
    bound: server?.address,
    published,
    pod,
    nomad: ours,
    registry,
    interfaces: system.interfaces(),
  };
  const stated = statedProspects(facts);
  const route = stated.some(({ fault }) => fault === undefined) ? undefined : await askRoute(search, signal);
  const candidates = candidatesOf([...stated, ...foundProspects({ ...facts, route })]);
  const chosen = candidates.find((candidate) => candidate.chosen);
  if (chosen === undefined) throw nowhere(facts, registry, candidates);
  // A proxy or a container may map the port, so what was said about it wins over the one the server has.
  const port = published?.port ?? given ?? ours?.hostPort ?? server?.port;
  return { address: chosen.address, port, candidates, notes: [addressNote(chosen), ...portNotes(port, server)] };
}

/** One line: the chosen address and why. */
function addressNote({ address, reason }: AddressCandidate): string {
  return address === undefined ? `no address is sent: ${reason}` : `advertising ${address}: ${reason}`;
}

function portNotes(port: number | undefined, server: ListeningServer | undefined): string[] {
  if (server === undefined || port === undefined || port === server.port) return [];
  return [`advertising port ${String(port)} while the server listens on ${String(server.port)}`];
}

function refuseLoopback(address: string | undefined, registry: PlaceSearch['registry']): void {
  if (address === undefined || registry.traits.isLocal || !isLoopback(address)) return;
  const allowed = `an address by which others reach this host, in \`address\` or SERVICE_ADDRESS, since the registry (${nameOf(registry)}) is on another; or neither, to have one found`;
  throw new ConfigError([{ field: 'address', value: address, allowed }]);
}

/** The one port of Nomad's that leads to where we listen; two that differ tell nothing. */
function nomadPort(ports: readonly NomadPort[], listening: number | undefined): NomadPort | undefined {
  const leading = ports.filter(({ port }) => port === listening);
  const [first] = leading;
  return leading.every(({ address, hostPort: outside }) => address === first?.address && outside === first.hostPort)
    ? first
    : undefined;
}

async function askRoute(
  { registry, system, clock }: PlaceSearch,
  signal: AbortSignal,
): Promise<RouteFinding | undefined> {
  const { endpoint, traits } = registry;
  if (endpoint === undefined || traits.isLocal) return undefined;
  const towards = hostPort(endpoint.host, endpoint.port);
  const operation = `looking for the route to ${towards}`;
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

/** An engine that is being restarted is asked again, for ever. */
async function askDocker(
  { server, registry, system, clock, random, onWarning }: PlaceSearch,
  signal: AbortSignal,
): Promise<PublishedPort | undefined> {
  // Loaded for those few who ask for it.
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
  let said = false;
  const published = await retry(
    () =>
      withDeadline(
        clock,
        ENGINE_DEADLINE_MS,
        { operation: 'asking Docker for the published port' },
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
        if (!said) onWarning(`${message}: asking again until it tells the published port`);
        said = true;
      },
    },
  );
  if (published?.warning !== undefined) onWarning(published.warning);
  return published;
}

function nowhere(
  { bound, published }: AddressFacts,
  registry: PlaceSearch['registry'],
  candidates: readonly AddressCandidate[],
): AddressNotFoundError {
  const say = 'with `address` or SERVICE_ADDRESS';
  if (published !== undefined) {
    return new AddressNotFoundError(
      `Docker publishes the port on every address of the host, which cannot be seen from inside a container. Say ${say} how others reach the host.`,
    );
  }
  if (bound !== undefined && isLoopback(bound)) {
    return new AddressNotFoundError(
      `The server listens on ${unmapped(bound)} alone, where nobody beyond this host reaches it, and the registry (${nameOf(registry)}) is on another host. ` +
        `Listen on 0.0.0.0 or ::, or say ${say} how others reach it.`,
    );
  }
  const passed = candidates.map(({ address, reason }) => (address === undefined ? reason : `${address} (${reason})`));
  const others = passed.length === 0 ? '' : `; passed over: ${passed.join(', ')}`;
  return new AddressNotFoundError(
    `This host has no address that others could reach it by${others}. Say ${say} how they do.`,
  );
}

function nameOf({ name, endpoint }: PlaceSearch['registry']): string {
  return endpoint === undefined ? name : `${name} at ${hostPort(endpoint.host, endpoint.port)}`;
}
