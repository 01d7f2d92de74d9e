import Consul from 'consul';
import type { PeerWorld } from '../contender.js';

interface Entry {
  readonly Service: { readonly Address: string; readonly Port: number };
}

export interface OriginWatch {
  readonly origins: readonly string[];
  close(): Promise<void>;
}

/**
 * The watch of the package `consul`, as people write it: the healthy instances of each answer, and the last ones while the
 * registry is away. It tries again within a second, where its default is 30.
 */
export function watchOrigins(
  { consulUrl, service }: PeerWorld,
  onChange: (origins: readonly string[]) => void = () => undefined,
): OriginWatch {
  const { hostname, port } = new URL(consulUrl);
  const client = new Consul({ host: hostname, port: Number(port) });
  const watch = client.watch({
    method: (options: object) => client.health.service(options as never),
    options: { service, passing: 'true' },
    backoffFactor: 100,
    backoffMax: 1_000,
  });
  const state = {
    origins: [] as readonly string[],
    close() {
      watch.end();
      return Promise.resolve();
    },
  };
  watch.on('change', (entries: readonly Entry[]) => {
    state.origins = entries.map(({ Service }) => `http://${Service.Address}:${Service.Port}`);
    onChange(state.origins);
  });
  watch.on('error', () => undefined);
  return state;
}
