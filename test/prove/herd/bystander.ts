import { rawConsul } from '../../support/servers/raw-consul.js';
import { wallClock } from '../experiment/history.js';

// Somebody else on the same agent: reads a service of his own, again and again, and times it.
const [url = ''] = process.argv.slice(2);
const CALL_EVERY_MS = 20;
const raw = rawConsul(url);
process.once('disconnect', () => process.exit(1));

for (;;) {
  const at = wallClock();
  const tookMs = await raw.get('/v1/health/service/bystander?passing').then(
    () => wallClock() - at,
    () => undefined,
  );
  process.send?.({ at, tookMs });
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, CALL_EVERY_MS - (wallClock() - at))));
}
