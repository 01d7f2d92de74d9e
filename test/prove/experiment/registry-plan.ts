import { consul, etcd, fallback, file, redis } from '../../../src/index.js';
import type { FallbackOptions, FileOptions, RedisOptions, Registry } from '../../../src/index.js';

/** A registry as text can describe it: for a process of its own. */
export type RegistryPlan =
  | { readonly kind: 'consul'; readonly url: string; readonly tokenFile?: string }
  | { readonly kind: 'etcd'; readonly url: string }
  | { readonly kind: 'redis'; readonly options: RedisOptions }
  | { readonly kind: 'file'; readonly options: FileOptions }
  | { readonly kind: 'fallback'; readonly members: readonly RegistryPlan[]; readonly options: FallbackOptions };

export function registryOf(plan: RegistryPlan): Registry {
  switch (plan.kind) {
    case 'consul':
      return consul({ endpoints: [plan.url], ...(plan.tokenFile !== undefined && { tokenFile: plan.tokenFile }) });
    case 'etcd':
      return etcd({ endpoints: [plan.url] });
    case 'redis':
      return redis(plan.options);
    case 'file':
      return file(plan.options);
    case 'fallback':
      return fallback(plan.members.map(registryOf), plan.options);
  }
}

/** Where the server of a registry with one listens. */
export function portOf(plan: RegistryPlan): number {
  const url = plan.kind === 'redis' ? plan.options.url : 'url' in plan ? plan.url : undefined;
  if (url === undefined) throw new Error(`A plan of ${plan.kind} has no URL`);
  return Number(new URL(url).port);
}

/** The same registry behind a proxy on this host. */
export function planVia(plan: RegistryPlan, port: number): RegistryPlan {
  if (plan.kind === 'redis') return { kind: 'redis', options: { ...plan.options, url: `redis://127.0.0.1:${port}` } };
  if ('url' in plan) return { ...plan, url: `http://127.0.0.1:${port}` };
  throw new Error(`A plan of ${plan.kind} has no URL`);
}
