import { ClusterRegistrar } from '../cluster/cluster-registrar.js';
import type { RegistrarOptions } from '../config/options.js';
import { Registrar } from '../registrar.js';

export type { ClusterRegistrar, ClusterStatus, WorkerStatus } from '../cluster/cluster-registrar.js';

/**
 * Registers the workers of node:cluster that call `register` with the same `name` as one instance. Call it in the
 * primary, before the first worker serves, with the options of the workers; those of one worker (`ready`, `health`,
 * `config`, `wait`, `required`) have no effect here. Resolves at once; the instance is registered when the first worker
 * serves. Rejects with `ConfigError`.
 *
 * @example
 * if (cluster.isPrimary) await registerCluster({ name: 'orders' });
 */
// eslint-disable-next-line @typescript-eslint/require-await -- invalid options reject, as in `register`
export async function registerCluster(options: RegistrarOptions): Promise<ClusterRegistrar> {
  return new ClusterRegistrar(options, (wanted) => new Registrar(wanted));
}
