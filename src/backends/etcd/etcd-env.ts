import { readVariables } from '../../config/env.js';
import type { Environment, VariableTable } from '../../config/env.js';

/** How to reach etcd, from the variables that `etcdctl` reads. */
export interface EtcdEnv {
  readonly endpoints: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** etcd's variables, and the options that they stand for. */
export const etcdVariables: VariableTable<keyof EtcdEnv> = {
  endpoints: {
    variable: 'ETCDCTL_ENDPOINTS',
    option: 'etcd({ endpoints })',
    meaning: 'members of the cluster, separated by commas',
  },
  user: {
    variable: 'ETCDCTL_USER',
    option: 'etcd({ username })',
    meaning: 'name of a user, or `name:password`',
  },
  password: { variable: 'ETCDCTL_PASSWORD', option: 'etcd({ password })', meaning: 'its password' },
  ca: { variable: 'ETCDCTL_CACERT', option: 'etcd({ tls })', meaning: '`ca`, usually a path' },
  cert: { variable: 'ETCDCTL_CERT', option: 'etcd({ tls })', meaning: '`cert`, likewise' },
  key: { variable: 'ETCDCTL_KEY', option: 'etcd({ tls })', meaning: '`key`, likewise' },
};

/** Reads the variables of `etcdctl`. An empty variable counts as not set. */
export function readEtcdEnv(env?: Environment): EtcdEnv {
  return readVariables(etcdVariables, env);
}
