import type { RegistrarOptions } from '../config/options.js';
import type { ServiceInstance } from '../contracts/service-instance.js';

/**
 * Keeps the options that describe the instance and drops those of a single worker; the worker has resolved address
 * and port. `component` stands for the health of all workers.
 */
export function primaryOptions(
  { ready: _ready, config: _config, health: _health, wait: _wait, required: _required, ...options }: RegistrarOptions,
  instance: ServiceInstance,
  component: string,
): RegistrarOptions {
  const { id, address, port, tags, meta, weights, checks } = instance;
  const http = checks.find(({ kind }) => kind === 'http');
  return {
    ...options,
    id,
    tags,
    meta,
    ...(weights && { weights }),
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
    ...(options.checks && {
      checks: {
        ...options.checks,
        ...(http?.kind === 'http' && { http: { path: http.url, interval: http.intervalMs, timeout: http.timeoutMs } }),
      },
    }),
    health: { components: { [component]: { onFail: 'critical' } } },
    shutdown: { ...options.shutdown, signals: false },
  };
}
