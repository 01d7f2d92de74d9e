import type { ServiceSnapshot } from '../contracts/service-snapshot.js';
import { formatDuration } from '../core/duration.js';
import type { Picture } from './service-watch.js';

/** Says why there is no instance to give, and what to do about it. */
export function explainAbsence(
  { service, source, presence }: ServiceSnapshot,
  { picture, timeoutMs }: { readonly picture: Pick<Picture, 'state' | 'problem'>; readonly timeoutMs?: number },
): string {
  const begin = `${service} has no instance${timeoutMs === undefined ? '' : ` after ${formatDuration(timeoutMs)}`}: `;
  const { state, problem } = picture;
  if (state === 'connecting') return `${begin}the registry has not answered yet; check that it is running`;
  if (source === 'stale' && problem !== undefined) return `${begin}${problem.message}`;
  if (source !== 'live' && source !== 'fallback')
    return `${begin}the registry does not answer${problem === undefined ? '' : ` (${problem.message})`}`;
  switch (presence) {
    case 'present':
      return `${begin}it has instances, but none that is healthy and has the \`tags\`; check their health`;
    case 'gone':
      return `${begin}all its instances have left the registry; start one`;
    case 'never-seen':
    case 'unknown':
      return `${begin}none was ever registered as far as this host knows; check the name`;
  }
}
