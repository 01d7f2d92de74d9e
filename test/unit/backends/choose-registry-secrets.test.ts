import { memory, Registrar } from 'rollcall';
import { expect, it } from 'vitest';

// Imports the public entry alone: what declares a backend's secrets must come with it, whatever registry is chosen.
it.each(['CONSUL_HTTP_TOKEN', 'CONSUL_CLIENT_KEY', 'ETCDCTL_USER', 'ETCDCTL_PASSWORD', 'ETCDCTL_KEY', 'REDIS_URL'])(
  'fills no template in with %s, which is a secret of a backend',
  (variable) => {
    const tags = [`{{env.${variable}|none}}`];
    expect(() => new Registrar({ name: 'orders', registry: memory(), tags })).toThrow(
      `no template with ${variable}, which is a secret`,
    );
  },
);
