import type { ChannelOptions, experimental } from '@grpc/grpc-js';
import type { ServiceSnapshot } from '../../contracts/service-snapshot.js';
import { ConfigError } from '../../core/errors.js';
import type { ResolvedService } from '../../discovery/resolved-service.js';
import type { GrpcModule } from './grpc-module.js';
import { POLICY, SERVICE } from './names.js';

type GrpcResolver = experimental.Resolver;
type Target = experimental.GrpcUri;

/** The class that gives clients the instances of the service that a target names. */
export function serviceResolver(
  { experimental: { statusOrFromValue } }: GrpcModule,
  open: (name: string) => ResolvedService,
): Parameters<GrpcModule['experimental']['registerResolver']>[1] {
  return class ServiceResolver implements GrpcResolver {
    readonly #service: ResolvedService;
    readonly #listener: experimental.ResolverListener;
    /** The client's own service config names the policy. */
    readonly #hasOwnConfig: boolean;
    #controller: AbortController | undefined;

    constructor(target: Target, listener: experimental.ResolverListener, options: ChannelOptions) {
      this.#service = open(nameIn(target));
      this.#listener = listener;
      this.#hasOwnConfig = namesPolicy(options['grpc.service_config']);
    }

    static getDefaultAuthority(target: Target): string {
      return nameIn(target);
    }

    /** Called at the first call of a client, and again whenever it would like to know more. */
    updateResolution(): void {
      if (this.#controller !== undefined) return;
      const { signal } = (this.#controller = new AbortController());
      this.#follow(signal).catch(() => undefined);
    }

    destroy(): void {
      this.#controller?.abort();
      this.#controller = undefined;
    }

    async #follow(signal: AbortSignal): Promise<void> {
      for await (const snapshot of this.#service.watch({ signal })) {
        if (signal.aborted) return;
        // Nothing is known yet: calls wait, as long as their deadlines permit.
        if (snapshot.instances.length > 0 || snapshot.presence !== 'unknown') this.#tell(snapshot);
      }
    }

    #tell({ instances }: ServiceSnapshot): void {
      const endpoints = instances.flatMap(({ address, port }) =>
        address === undefined || port === undefined ? [] : { addresses: [{ host: address, port }] },
      );
      const config = { loadBalancingConfig: [{ [POLICY]: {} }], methodConfig: [] };
      this.#listener(
        statusOrFromValue(endpoints),
        { [SERVICE]: this.#service },
        this.#hasOwnConfig ? null : statusOrFromValue(config),
        '',
      );
    }
  };
}

function nameIn({ path }: Target): string {
  return path.replace(/^\//, '');
}

/** Throws `ConfigError` for a service config without the policy: the client would send all calls to one instance. */
function namesPolicy(given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const { loadBalancingConfig } = JSON.parse(given) as { readonly loadBalancingConfig?: unknown };
  const policies: readonly unknown[] = Array.isArray(loadBalancingConfig) ? loadBalancingConfig : [];
  if (policies.some((policy) => typeof policy === 'object' && policy !== null && POLICY in policy)) return true;
  const allowed = `a service config with "loadBalancingConfig": [{ "${POLICY}": {} }], beside what else it has`;
  throw new ConfigError([{ field: 'grpc.service_config', value: given, allowed }]);
}
