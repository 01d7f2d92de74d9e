// A registry of one's own: the whole contract over a Map, and a service that registers there.
import { createServer } from 'node:http';
import { Registrar, RegistrationLostError } from 'rollcall';
import type { Entry, HealthReport, InstanceKey, Registry, ServiceInstance } from 'rollcall';

/** Verbs without loops: no timer, no retry, no log line. The Registrar beats, notices a loss and tries again. */
export function mapRegistry(entries = new Map<string, Entry>()): Registry {
  // A key with a nonce means that very incarnation, and nobody else's entry under the same id.
  const holds = ({ id, nonce }: InstanceKey): boolean => entries.has(id) && (nonce === undefined || entries.get(id)?.instance.nonce === nonce);
  const remove = async (key: InstanceKey): Promise<void> => {
    if (holds(key)) entries.delete(key.id);
  };
  const write = (instance: ServiceInstance, { status, reason }: HealthReport): void => {
    entries.set(instance.id, { instance, status, checks: [{ id: 'heartbeat', status, output: reason }] });
  };
  return {
    name: 'map',
    nearby: true,
    suppliesAddress: false,
    read: async (key) => entries.get(key.id),
    register: async (instance) => {
      write(instance, { status: 'critical', reason: 'no heartbeat yet' });
      return {
        holder: () => 'map',
        renew: async (report) => {
          if (!holds(instance)) throw new RegistrationLostError(`the map has no ${instance.id}`, { registry: 'map', operation: 'renew' });
          write(instance, report);
          return { ttlMs: instance.ttlMs };
        },
        deregister: () => remove(instance),
      };
    },
    remove,
    close: async () => {},
  };
}

const server = createServer((_request, response) => response.end('hello\n'));
const registrar = new Registrar({ name: process.env.SERVICE_NAME ?? 'hello', registry: mapRegistry() }).bind(server);
registrar.on('registered', ({ instance, holder }) => {
  console.log(`http://127.0.0.1:${instance.port ?? 0} is ${registrar.state} in ${holder} as ${instance.id}`);
});
server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');
void registrar.start();
