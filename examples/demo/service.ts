import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { RegistrarOptions } from 'rollcall';
import rollcall from 'rollcall/fastify';

/** An ordinary service; its times are short, so that the demo takes half a minute. */
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
    // The timeline replaces the log.
    logger: false,
  });
  app.get('/', () => ({ hello: 'world' }));
  app.addHook('onClose', onClose);
  return app;
}
