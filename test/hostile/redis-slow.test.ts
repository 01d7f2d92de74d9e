import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { startFaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import { asError } from '../../src/core/errors.js';
import { cleanUp, later } from '../integration/fixtures/live.js';
import { ownRedis, redisOn, sampleOf } from '../integration/fixtures/own-redis.js';

afterEach(cleanUp);

const ca = fileURLToPath(new URL('../support/tls/localhost.cert.pem', import.meta.url));

/** One direction. The handshake of TLS takes a round trip, the login another, and a command a third. */
const DELAY_MS = 200;
/** More than a command takes, and less than it takes to connect. */
const COMMAND_WITHIN_MS = 3.2 * DELAY_MS;
const MOST_TRIES = 15;

it('is used by later commands when it opens more slowly than a command can wait', async () => {
  const server = await ownRedis({ tls: true, password: 'slow-but-sure' });
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: server.tlsPort } });
  later(() => proxy.close());
  await proxy.delay(DELAY_MS);
  const registry = redisOn({
    url: `rediss://:slow-but-sure@127.0.0.1:${proxy.port}`,
    tls: { ca, serverName: 'localhost' },
  });
  const read = () =>
    registry.read(sampleOf('slow'), AbortSignal.timeout(COMMAND_WITHIN_MS)).then(() => 'answered', asError);
  expect(await read()).not.toBe('answered');
  let tries = 1;
  while ((await read()) !== 'answered' && tries < MOST_TRIES) tries += 1;
  expect(tries).toBeLessThan(MOST_TRIES);
  expect(proxy.connections).toBe(1);
});
