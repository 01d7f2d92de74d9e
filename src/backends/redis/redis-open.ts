import { BackendNotInstalledError, isError } from '../../core/errors.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import type { RedisAccess } from './redis-options.js';

/** A client of `@redis/client` with one connection. */
export type OwnClient = ReturnType<Awaited<ReturnType<typeof makeFactory>>>;

/** Connects; resolves to the client, which is destroyed when `end` aborts, whatever it is doing then. */
export async function openClient(
  { host, port }: RegistryEndpoint,
  { username, password, database, tls }: RedisAccess,
  end: AbortSignal,
): Promise<OwnClient> {
  const createClient = await loadFactory();
  end.throwIfAborted();
  const client = createClient({
    socket: { host, port, reconnectStrategy: false, ...(tls !== undefined && { ...tls, tls: true }) },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    disableOfflineQueue: true,
    // The connection is dropped, and the host's process ends, when we say so: no timers, and nothing sent but our commands.
    commandOptions: { timeout: 0 },
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
  // Without a listener it would crash the host; the commands tell.
  client.on('error', () => undefined);
  client.unref();
  const destroy = () => client.destroy();
  end.addEventListener('abort', destroy, { once: true });
  try {
    await client.connect();
  } catch (thrown) {
    destroy();
    throw thrown;
  }
  // What was connecting when it was to end has connected all the same.
  if (end.aborted) destroy();
  return client;
}

/** Of Redis' protocol the one that every version and every proxy speaks. */
const protocol = { RESP: 2 } as const;

async function makeFactory() {
  // Caught where it is imported, so that bundlers take the package for optional.
  const { RedisClient: NodeRedis } = await import('@redis/client').catch((cause: unknown) => {
    if (!isNotInstalled(cause)) throw cause;
    throw new BackendNotInstalledError(
      'The redis registry needs the package @redis/client: npm install @redis/client',
      { registry: 'redis', cause },
    );
  });
  const make = NodeRedis.factory(protocol);
  // The class has the protocol for its commands, the client for its connection.
  return (options: Parameters<typeof make>[0]) => make({ ...options, ...protocol });
}

let loading: ReturnType<typeof makeFactory> | undefined;

/** Loaded once. Its own `createClient` makes a class of some hundred methods for each new set of options, which takes tens of milliseconds. */
function loadFactory(): ReturnType<typeof makeFactory> {
  loading ??= makeFactory().catch((cause: unknown) => {
    // Tried anew by whoever needs it next.
    loading = undefined;
    throw cause;
  });
  return loading;
}

/** Node has a code of its own for each way of loading. */
function isNotInstalled(error: unknown): boolean {
  return (
    isError(error) && 'code' in error && (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND')
  );
}
