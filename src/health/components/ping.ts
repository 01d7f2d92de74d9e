import { ConfigError, asError } from '../../core/errors.js';
import type { ReadyMade } from './ready-made.js';

/**
 * Fine when a GET of this http or https URL is answered with a 2xx status; the body is not read and redirects are not followed. Throws
 * `ConfigError` for any other URL, and for one with credentials, which would stand in messages.
 */
export function ping(url: string | URL): ReadyMade {
  const target = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol) || target.username !== '' || target.password !== '') {
    const value = String(url).replace(/\/\/[^/]*@/, '//(hidden)@');
    throw new ConfigError([{ field: 'ping', value, allowed: 'an http or https URL without credentials' }]);
  }
  return {
    async run(signal) {
      const response = await fetch(target, { signal, redirect: 'manual' }).catch((thrown: unknown) => {
        // fetch tells what happened only as the cause of its error.
        throw asError(asError(thrown).cause ?? thrown);
      });
      await response.body?.cancel();
      return response.ok ? { status: 'passing' } : { status: 'critical', detail: `HTTP ${String(response.status)}` };
    },
  };
}
