import { ClusterRegistrar } from '../cluster/cluster-registrar.js';
import type { RegistrarOptions } from '../config/options.js';
import { Registrar } from '../registrar.js';

export type { ClusterRegistrar, ClusterStatus, WorkerStatus } from '../cluster/cluster-registrar.js';

/**
 * The one line in the primary of node:cluster: from now on the workers that register the same `name`, as any service does, are one instance. Give it
 * the options that they have; what is about a single worker (`ready`, `health`, `config`, `wait`, `required`) is left to them. Call it before the first
 * worker serves. Resolves at once: the instance is registered when the first worker serves. Rejects with `ConfigError`.
 *
 * @example
 * if (cluster.isPrimary) await registerCluster({ name: 'orders' });
 */
// eslint-disable-next-line @typescript-eslint/require-await -- what is wrong with the options rejects, as it does in `register`
export async function registerCluster(options: RegistrarOptions): Promise<ClusterRegistrar> {
  return new ClusterRegistrar(options, (wanted) => new Registrar(wanted));
}
