import { hostname as osHostname, networkInterfaces } from 'node:os';

import type { Config } from '../config/config.js';
import { chooseAddress, isLoopback } from './address.js';
import type { AddressChoice, Interfaces } from './address.js';
import { resolveChecks } from './checks.js';
import type { BoundServer } from './checks.js';
import { defaultId } from './id.js';
import type { ServiceInstance } from './service-instance.js';

/** What is only known once the server listens and the registry is chosen. */
export interface InstanceFacts {
  readonly nonce: string;
  /** Absent for a service without a server. */
  readonly server?: BoundServer;
  readonly registry: { readonly nearby: boolean; readonly suppliesAddress: boolean };
  /** @default the machine's own */
  readonly interfaces?: Interfaces;
  /** @default the machine's own */
  readonly hostname?: string;
}

/** The instance to register, how its address was chosen, and what about it is worth a person's attention. */
export interface BuiltInstance {
  readonly instance: ServiceInstance;
  readonly address: AddressChoice;
  readonly notes: readonly string[];
}

/**
 * Builds what is written in the registry. Throws `AddressNotFoundError` when nobody could reach the instance and `ConfigError`
 * when a check was asked for that this service cannot answer.
 */
export function buildInstance(config: Config, facts: InstanceFacts): BuiltInstance {
  const { server, registry } = facts;
  const address = chooseAddress({
    configured: config.address,
    bound: server?.address,
    registry,
    interfaces: facts.interfaces ?? networkInterfaces(),
  });
  // A proxy or a container may map the port, so the configured one wins over the one the server has.
  const port = config.port ?? server?.port;
  const { checks, notes } = resolveChecks(config.checks, { address: address.address, port, server });
  const instance: ServiceInstance = {
    name: config.name,
    id: config.id ?? defaultId(config.name, facts.hostname ?? osHostname(), port),
    ...(address.address !== undefined && { address: address.address }),
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
  return { instance, address, notes: [...notesOn(address, config, server), ...notes] };
}

function notesOn({ address, reason }: AddressChoice, config: Config, server: BoundServer | undefined): string[] {
  const notes: string[] = [];
  if (address !== undefined && config.address === undefined && isLoopback(address)) {
    notes.push(`advertising ${address}, which only this host reaches: ${reason}`);
  }
  if (server !== undefined && config.port !== undefined && config.port !== server.port) {
    notes.push(`advertising port ${String(config.port)} while the server listens on ${String(server.port)}`);
  }
  return notes;
}
