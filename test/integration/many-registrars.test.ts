import { afterEach, expect, inject, it } from 'vitest';
import { Registrar, consul } from 'rollcall';
import { recordEvents } from '../support/record-events.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later, proxyBefore, quickStop } from './fixtures/live.js';

afterEach(cleanUp);

const COUNT = 1_000;
const MOST_SOCKETS = 31;
/** Much less than from one heartbeat to the next. */
const NOTICED_WITHIN_MS = 10_000;

it('a thousand in one process get by on few connections and four held polls, and notice a loss by a look that they share', async () => {
  const proxy = await proxyBefore(inject('consulUrl'));
  const raw = rawConsul(inject('consulUrl'));
  later(() => raw.close());
  const name = freshName('many');
  const registrars = Array.from({ length: COUNT }, (_, index) => {
    const service = `${name}-${index % 50}`;
    return new Registrar({
      name: service,
      id: `${name}-${index}`,
      port: index + 1,
      ttl: '90s',
      registry: consul({ endpoints: [proxy.url] }),
      logger: false,
      shutdown: { ...quickStop, timeout: '30s' },
    });
  });
  later(() => Promise.all(registrars.map((registrar) => registrar.stop())));
  let sockets = 0;
  const watched = setInterval(() => (sockets = Math.max(sockets, proxy.connections)), 5);
  later(() => clearInterval(watched));
  await Promise.all(registrars.map((registrar) => registrar.start()));

  // Long enough for two looks: each of them has been in a list by then.
  const held: number[] = [];
  await waitFor(() => held.push(proxy.inFlight) > 150);
  expect(Math.min(...held)).toBe(4);

  // None of the first, which have the held polls.
  const gone = registrars.slice(-20);
  const back = gone.map((registrar) => recordEvents(registrar).next('recovered', NOTICED_WITHIN_MS));
  for (const registrar of gone)
    expect((await raw.put(`/v1/agent/service/deregister/${registrar.instance?.id}`)).status).toBe(200);
  expect((await Promise.all(back)).map(({ cause }) => cause)).toEqual(gone.map(() => 'missing'));
  expect(sockets).toBeLessThanOrEqual(MOST_SOCKETS);
}, 180_000);
