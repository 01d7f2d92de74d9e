import { rawConsul } from '../../support/servers/raw-consul.js';

// What the proof compares with: waits for the loss of its entry by a blocking query, and registers again at once.
const [url = '', id = ''] = process.argv.slice(2);
process.once('disconnect', () => process.exit(1));

/** Longer than a query is held. */
const raw = rawConsul(url, { timeoutMs: 600_000 });
const check = { CheckID: `${id}:ttl`, Name: 'Heartbeat', TTL: '600s', Status: 'passing' };
const register = () => raw.put('/v1/agent/service/register', { Name: id, ID: id, Checks: [check] });

await register();
process.send?.('registered');
for (let hash = ''; ;) {
  const answer = await raw.get(`/v1/agent/service/${id}?wait=300s&hash=${hash}`);
  if (answer.status === 404) {
    await register();
    hash = '';
  } else {
    hash = answer.json<{ ContentHash: string }>().ContentHash;
  }
}
