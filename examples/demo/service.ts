import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { RegistrarOptions } from 'rollcall';
import rollcall from 'rollcall/fastify';

/** A service as anybody would write it; only its times are short, so that a life fits into half a minute. */
export async function buildService(
  options: Pick<RegistrarOptions, 'registry' | 'ready'>,
  onClose: () => Promise<void>,
): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(rollcall, {
    ...options,
    name: 'rollcall-demo',
    ttl: '3s',
    shutdown: { drain: { min: '1s', quiet: '1s', max: '5s' }, timeout: '10s' },
    // The timeline says it all.
    logger: false,
  });
  app.get('/', () => ({ hello: 'world' }));
  app.addHook('onClose', onClose);
  return app;
}
