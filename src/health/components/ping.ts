import { ConfigError, asError } from '../../core/errors.js';
import { HIDDEN } from '../../core/secrets.js';
import type { ReadyMade } from './ready-made.js';

/**
 * Passes when a GET of this http or https URL returns a 2xx status, without reading the body or following redirects.
 * Throws `ConfigError` for any other URL, and for a URL with credentials, which would appear in messages.
 */
export function ping(url: string | URL): ReadyMade {
  const target = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol) || target.username !== '' || target.password !== '') {
    throw new ConfigError([{ field: 'ping', value: HIDDEN, allowed: 'an http or https URL without credentials' }]);
  }
  return {
    async run(signal) {
      const response = await fetch(target, { signal, redirect: 'manual' }).catch((thrown: unknown) => {
        // `fetch` reports the reason only as the cause of its error.
        throw asError(asError(thrown).cause ?? thrown);
      });
      await response.body?.cancel();
      return response.ok ? { status: 'passing' } : { status: 'critical', detail: `HTTP ${String(response.status)}` };
    },
  };
}
