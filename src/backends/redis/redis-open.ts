import { BackendNotInstalledError, isError } from '../../core/errors.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import { openingFailure } from '../../net/tls-errors.js';
import { limitAnswers } from './redis-answer-limit.js';
import type { AnswerLimit } from './redis-answer-limit.js';
import type { RedisLogin } from './redis-credentials.js';

/** An attempt to connect that takes longer is given up, and one that hears nothing for so long. */
export const LONGEST_OPENING_MS = 20_000;
const LONGEST_SILENCE_MS = 10_000;

/** A client of `@redis/client` with one connection. */
export type OwnClient = ReturnType<Awaited<ReturnType<typeof makeFactory>>>;

/** A connected client. */
export interface OpenClient {
  readonly client: OwnClient;
  readonly limit: AnswerLimit;
  readonly tls: RedisLogin['tls'];
}

/**
 * Connects and resolves to the client. Destroys the client when `end` aborts, whatever its state, and when an answer
 * grows too long.
 */
export async function openClient(
  { host, port }: RegistryEndpoint,
  { username, password, database, tls }: RedisLogin,
  end: AbortSignal,
): Promise<OpenClient> {
  const createClient = await loadFactory();
  end.throwIfAborted();
  const client = createClient({
    socket: {
      host,
      port,
      reconnectStrategy: false,
      connectTimeout: LONGEST_SILENCE_MS,
      // The client cannot end a connect that is under way.
      signal: end,
      ...(tls !== undefined && { ...tls, tls: true }),
    },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    disableOfflineQueue: true,
    // The client itself sets no timers and sends no commands: we decide when a connection ends, and the host may exit.
    commandOptions: { timeout: 0 },
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
  // Without a listener an error would crash the host; the commands reject with it anyway.
  client.on('error', () => undefined);
  client.unref();
  const destroy = () => client.destroy();
  const limit = limitAnswers(client, destroy);
  end.addEventListener('abort', destroy, { once: true });
  try {
    await client.connect();
  } catch (thrown) {
    destroy();
    const isSilence = isError(thrown) && thrown.message === 'Connection timeout';
    throw limit.exceeded ?? openingFailure(thrown, tls, isSilence ? 'silence' : 'other');
  }
  // It may have opened just before the abort.
  if (end.aborted) destroy();
  return { client, limit, tls };
}

/** The version of Redis' protocol that every server and every proxy speaks. */
const protocol = { RESP: 2 } as const;

async function makeFactory() {
  // The catch is on the import itself, so that bundlers treat the package as optional.
  const { RedisClient: NodeRedis } = await import('@redis/client').catch((cause: unknown) => {
    if (!isNotInstalled(cause)) throw cause;
    throw new BackendNotInstalledError(
      'The redis registry cannot start, because @redis/client is not installed: run npm install @redis/client',
      { registry: 'redis', cause },
    );
  });
  const make = NodeRedis.factory(protocol);
  // The class takes the protocol for its commands, the client for its connection.
  return (options: Parameters<typeof make>[0]) => make({ ...options, ...protocol });
}

let loading: ReturnType<typeof makeFactory> | undefined;

/**
 * Loads the package once. Its own `createClient` would build a class of some hundred methods for each new set of
 * options, which takes tens of milliseconds.
 */
function loadFactory(): ReturnType<typeof makeFactory> {
  loading ??= makeFactory().catch((cause: unknown) => {
    // The next caller tries again.
    loading = undefined;
    throw cause;
  });
  return loading;
}

/** True if the package is missing. Node has one code for `import` and another for `require`. */
function isNotInstalled(error: unknown): boolean {
  return (
    isError(error) && 'code' in error && (error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND')
  );
}
