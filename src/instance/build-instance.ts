import type { Config } from '../config/config.js';
import type { AddressCandidate } from '../contracts/address-candidate.js';
import { resolveChecks } from './checks.js';
import type { ListeningServer } from './checks.js';
import { defaultId } from './default-id.js';
import type { Place } from './find-place.js';
import { dependsOnSupplied } from './supplied-address.js';
import type { SuppliedAddressPlan } from './supplied-address.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { metaKeys } from '../contracts/resolved-instance.js';

/** The facts that are known only once the server listens and the registry is chosen. */
export interface InstanceFacts {
  readonly nonce: string;
  /** Absent for a service without a server. */
  readonly server?: ListeningServer;
  /** The address and port to advertise. */
  readonly place: Place;
  /** The name of this host. */
  readonly hostname: string;
}

export interface BuiltInstance {
  readonly instance: ServiceInstance;
  /** What the Registrar itself says of the instance, for its callers. */
  readonly ownMeta: ServiceInstance['meta'];
  /** How address and port were chosen, and warnings about the instance. */
  readonly notes: readonly string[];
  readonly addressCandidates: readonly AddressCandidate[];
  /** Set when the address that the registry fills in decides about the entry. */
  readonly suppliedAddress?: SuppliedAddressPlan;
}

/** Builds the instance to register. Throws `ConfigError` for a configured check that this service cannot answer. */
export function buildInstance(config: Config, { nonce, server, place, hostname }: InstanceFacts): BuiltInstance {
  const { address, port, candidates, spare } = place;
  const supplied = { server, checks: config.checks, candidates, spare };
  const { checks, notes } = resolveChecks(config.checks, { address, port, server });
  const instance: ServiceInstance = {
    name: config.name,
    id: config.id ?? defaultId(config.name, hostname, port),
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
    tags: config.tags,
    meta: config.meta,
    ...(config.weights !== undefined && { weights: config.weights }),
    ...(config.namespace !== undefined && { namespace: config.namespace }),
    ...(config.partition !== undefined && { partition: config.partition }),
    nonce,
    ttlMs: config.ttlMs,
    checks,
    ...(config.deregisterCriticalAfterMs !== undefined && {
      deregisterCriticalAfterMs: config.deregisterCriticalAfterMs,
    }),
  };
  return {
    instance,
    ownMeta: ownMetaOf(config, server),
    notes: [...place.notes, ...notes],
    addressCandidates: candidates,
    ...(address === undefined && dependsOnSupplied(supplied) && { suppliedAddress: supplied }),
  };
}

/** The schemes of servers whose callers send HTTP requests. */
const schemes: Readonly<Partial<Record<ListeningServer['protocol'], string>>> = {
  http: 'http',
  h2c: 'http',
  https: 'https',
  h2: 'https',
};

function ownMetaOf({ zone }: Config, server: ListeningServer | undefined): ServiceInstance['meta'] {
  const scheme = server && schemes[server.protocol];
  return {
    ...(scheme !== undefined && { [metaKeys.scheme]: scheme }),
    ...(zone !== undefined && { [metaKeys.zone]: zone }),
  };
}
