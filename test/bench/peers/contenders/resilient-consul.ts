import { createRequire } from 'node:module';
import { RawClient } from '../../workloads/raw-client.js';
import type { Contender, PeerWorld } from '../contender.js';

interface Middleware {
  in(error: undefined, response: { data: unknown }, next: () => void): void;
  out(options: { params?: Readonly<Record<string, unknown>> }, next: () => void): void;
}

type ResilientConsul = (
  options: object,
) => (settings: { set(name: string, value: unknown): void }, client: object) => Middleware;

/** Its client looks every two minutes by default; here each second. */
const REFRESH_MS = 1_000;

/**
 * The middleware of resilient-consul, called as its client `resilient` does: the whole list, again and again. That client is not
 * among its dependencies, has had no release for years, and builds on the deprecated `request`, so there are no calls.
 */
export function startResilientConsul({ consulUrl, service }: PeerWorld): Contender {
  const resilientConsul = createRequire(import.meta.url)('resilient-consul') as ResilientConsul;
  const settings = new Map<string, unknown>();
  const middleware = resilientConsul({ service, servers: [consulUrl], onlyHealthy: true })(
    { set: (name, value) => settings.set(name, value) },
    {},
  );
  const client = new RawClient(consulUrl);
  let servers: readonly string[] = [];
  const refresh = async () => {
    const options: { params?: Readonly<Record<string, unknown>> } = {};
    middleware.out(options, () => undefined);
    const query = Object.entries(options.params ?? {}).map(([name, value]) => `${name}=${String(value)}`);
    const body = await client.get(`${String(settings.get('basePath'))}?${query.join('&')}`);
    const response: { data: unknown } = { data: JSON.parse(body) };
    middleware.in(undefined, response, () => undefined);
    servers = response.data as readonly string[];
  };
  const refreshOrKeep = () => void refresh().catch(() => undefined);
  refreshOrKeep();
  const timer = setInterval(refreshOrKeep, REFRESH_MS);
  return {
    count: () => servers.length,
    close() {
      clearInterval(timer);
      client.close();
      return Promise.resolve();
    },
  };
}
