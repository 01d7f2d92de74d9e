import type { Discovery } from '../../contracts/discovery.js';
import type { Entry, Registration, Registry, RegistryEndpoint, RegistryTraits } from '../../contracts/registry.js';
import { RegistryRejectedError } from '../../core/errors.js';
import { ClosableRegistry } from '../../registries/closable-registry.js';
import type { DnsClient } from './dns-client.js';
import type { lookUp } from './dns-discovery.js';
import { resolveDnsOptions } from './dns-options.js';
import type { DnsOptions, DnsTarget } from './dns-options.js';

/**
 * Reads services from a DNS server, e.g. that of Consul; for resolvers only, since it takes no registrations. Throws
 * `ConfigError` for options that cannot work. Loads and connects nothing until first use.
 */
export function dns(options: DnsOptions = {}): Registry {
  return new ClosableRegistry(new DnsRegistry(options));
}

class DnsRegistry implements Registry {
  readonly name = 'dns';
  readonly traits: RegistryTraits;
  readonly endpoint: RegistryEndpoint;
  readonly discovery: Discovery;
  #opening: Promise<DnsReader> | undefined;

  constructor(options: DnsOptions) {
    const target = resolveDnsOptions(options);
    this.traits = { isLocal: target.isLocal, suppliesAddress: false, readOnly: true };
    this.endpoint = target.endpoint;
    this.discovery = {
      traits: { datacenters: true, scope: target.domain },
      poll: async (service, _cursor, signal, { datacenter } = {}) => {
        this.#opening ??= openReader(target);
        const { client, lookUp } = await this.#opening;
        return lookUp(client, target, service, datacenter, signal);
      },
    };
  }

  read(): Promise<Entry | undefined> {
    return this.#refuse('read');
  }

  register(): Promise<Registration> {
    return this.#refuse('register');
  }

  remove(): Promise<void> {
    return this.#refuse('remove');
  }

  async close(): Promise<void> {
    (await this.#opening)?.client.close();
  }

  #refuse(operation: string): Promise<never> {
    return Promise.reject(
      new RegistryRejectedError(
        `dns() is read-only, so ${operation} was not sent: register with consul() or another registry`,
        { registry: this.name, operation },
      ),
    );
  }
}

interface DnsReader {
  readonly client: DnsClient;
  readonly lookUp: typeof lookUp;
}

/** Loads what asks at first use, since sockets would slow down every import. */
async function openReader({ endpoint }: DnsTarget): Promise<DnsReader> {
  const [{ DnsClient }, { lookUp }] = await Promise.all([import('./dns-client.js'), import('./dns-discovery.js')]);
  return { client: new DnsClient(endpoint), lookUp };
}
