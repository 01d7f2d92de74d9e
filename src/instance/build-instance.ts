import { hostname as osHostname, networkInterfaces } from 'node:os';

import type { Config } from '../config/config.js';
import { chooseAddress } from './address.js';
import type { AddressChoice, Interfaces } from './address.js';
import { resolveChecks } from './checks.js';
import type { ListeningServer } from './checks.js';
import { defaultId } from './id.js';
import type { ServiceInstance } from './service-instance.js';

/** What is only known once the server listens and the registry is chosen. */
export interface InstanceFacts {
  readonly nonce: string;
  /** Absent for a service without a server. */
  readonly server?: ListeningServer;
  readonly registry: { readonly nearby: boolean; readonly suppliesAddress: boolean };
  /** @default the machine's own */
  readonly interfaces?: Interfaces;
  /** @default the machine's own */
  readonly hostname?: string;
}

export interface BuiltInstance {
  readonly instance: ServiceInstance;
  /** How the address was chosen, and what about the instance is worth a person's attention. */
  readonly notes: readonly string[];
}

/**
 * Builds what is written in the registry. Throws `AddressNotFoundError` when nobody could reach the instance and `ConfigError`
 * when a check was asked for that this service cannot answer.
 */
export function buildInstance(config: Config, facts: InstanceFacts): BuiltInstance {
  const { server, registry } = facts;
  const choice = chooseAddress({
    configured: config.address,
    bound: server?.address,
    registry,
    interfaces: facts.interfaces ?? networkInterfaces(),
  });
  const { address } = choice;
  // A proxy or a container may map the port, so the configured one wins over the one the server has.
  const port = config.port ?? server?.port;
  const { checks, notes } = resolveChecks(config.checks, { address, port, server });
  const instance: ServiceInstance = {
    name: config.name,
    id: config.id ?? defaultId(config.name, facts.hostname ?? osHostname(), port),
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
    tags: config.tags,
    meta: config.meta,
    ...(config.weights !== undefined && { weights: config.weights }),
    ...(config.namespace !== undefined && { namespace: config.namespace }),
    ...(config.partition !== undefined && { partition: config.partition }),
    nonce: facts.nonce,
    ttlMs: config.ttlMs,
    checks,
    deregisterCriticalAfterMs: config.deregisterCriticalAfterMs,
  };
  return { instance, notes: [addressNote(choice), ...portNotes(port, server), ...notes] };
}

function addressNote({ address, reason }: AddressChoice): string {
  return address === undefined ? `no address is sent: ${reason}` : `advertising ${address}: ${reason}`;
}

function portNotes(port: number | undefined, server: ListeningServer | undefined): string[] {
  if (server === undefined || port === server.port) return [];
  return [`advertising port ${String(port)} while the server listens on ${String(server.port)}`];
}
