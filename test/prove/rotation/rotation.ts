import { filesOf } from '../../support/tls/certificates.js';
import { startConsulPair } from '../../support/servers/consul-server.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import { leastPolicy } from '../../../src/backends/consul/consul-policy.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import { ObservedService } from '../experiment/observed-service.js';
import { every, pause } from '../experiment/pause.js';
import { spreadTable, table } from '../experiment/table.js';
import { bounds, judgeRotation } from './judge-rotation.js';
import type { RotationEvent } from './judge-rotation.js';

/** With one every two seconds: a minute. */
const SWAPS = 30;
const SWAP_EVERY_MS = 2_000;
/** The token before is deleted so long after its successor has been written. */
const BURY_AFTER_MS = 1_000;
const SAMPLE_EVERY_MS = 20;
const TTL = '10s';
const INTERVAL_MS = 10_000 / 3;
/** Long enough after the refusal for the TTL to have run out. */
const STAY_REVOKED_MS = 12_000;
const HEALED_WITHIN_MS = 10_000;

/** Token rotation is a lifecycle event: registered under the new token before the old one dies, and back at once after an interregnum. */
export async function rotation(lab: Lab): Promise<Verdict> {
  const swaps = lab.runs ?? SWAPS;
  const history = lab.record<RotationEvent>();
  const note = history.note.bind(history);
  // An agent beside the service, which believes in tokens for a while; a server knows them all.
  const consul = await startConsulPair({ acl: true });
  const { url } = consul.client;
  const tokens = new Tokens(consul.server.url, consul.server.token);
  const reader = new CatalogReader(consul.server.url, consul.server.token);
  let current = await tokens.issue();
  const files = await filesOf({ token: current.secret });
  const control = new Control(url, current.secret, (accepted) => note({ event: 'control', at: wallClock(), accepted }));
  const service = new ObservedService({
    registry: { kind: 'consul', url, tokenFile: files.path('token') },
    name: 'ours',
    ttl: TTL,
  });
  let over = false;
  const sampling = (async () => {
    await control.register();
    await service.settled();
    await every(
      SAMPLE_EVERY_MS,
      async () => {
        const { at, entries } = await reader.look('ours', 'passing');
        if (entries !== undefined) note({ event: 'sample', at, passing: entries.length > 0 });
      },
      () => over,
      Infinity,
    );
  })();
  try {
    await service.settled();
    await pause(500);
    for (let index = 1; index <= swaps; index += 1) {
      const last = current;
      current = await tokens.issue();
      const swappedAt = wallClock();
      await files.write('token', current.secret);
      note({ event: 'swapped', at: swappedAt, index });
      await pause(swappedAt + BURY_AFTER_MS - wallClock());
      note({ event: 'buried', at: wallClock(), index: index - 1 });
      await tokens.bury(last);
      await pause(swappedAt + SWAP_EVERY_MS - wallClock());
    }
    lab.say(`${swaps} tokens swapped`);
    note({ event: 'revoked', at: wallClock() });
    await tokens.bury(current);
    const refused = () => service.told.some((message) => message.kind === 'state' && message.to === 'recovering');
    await every(100, () => Promise.resolve(), refused, bounds.agentBelievesMs + 2 * INTERVAL_MS);
    await pause(STAY_REVOKED_MS);
    lab.say('the last one revoked');
    const good = await tokens.issue();
    const goodAt = wallClock();
    await files.write('token', good.secret);
    note({ event: 'good', at: goodAt });
    const healed = () =>
      service.told.some((message) => message.kind === 'state' && message.to === 'registered' && message.at >= goodAt);
    await every(50, () => Promise.resolve(), healed, HEALED_WITHIN_MS);
    await pause(500);
  } finally {
    over = true;
    await sampling.catch(() => undefined);
    for (const message of service.told)
      note(
        message.kind === 'state'
          ? { event: 'state', at: message.at, to: message.to }
          : { event: message.event, at: message.at },
      );
    control.close();
    await service.kill();
    reader.close();
    tokens.close();
    await consul.stop();
    await files.remove();
  }
  const verdict = judgeRotation(
    [...history.events].sort((a, b) => a.at - b.at),
    INTERVAL_MS,
  );
  const { rotatedMs, beats, missed, samples, notPassing, visibleMs, healedMs, controlRefused } = verdict.figures;
  lab.say(spreadTable({ 'ms from the new token to being registered under it': rotatedMs }));
  lab.say(
    table(
      ['', 'seen', 'bad'],
      [
        ['heartbeats', beats, missed],
        ['looks at the service', samples, notPassing],
      ],
    ),
  );
  lab.say(
    `revoked: visible after ${visibleMs} ms; passing ${healedMs} ms after a good token; the control was refused ${controlRefused} heartbeats`,
  );
  return verdict;
}

interface Token {
  readonly secret: string;
  readonly accessor: string;
}

class Tokens {
  readonly #consul: ReturnType<typeof rawConsul>;
  #policy: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.#consul = rawConsul(url, { token });
  }

  /** With the least policy that the service, and the control, need. */
  async issue(): Promise<Token> {
    if (this.#policy === undefined) {
      this.#policy = 'least';
      await this.#consul.put('/v1/acl/policy', {
        Name: this.#policy,
        Rules: leastPolicy({ services: ['ours', 'control'], discovers: [], keys: [] }).join('\n'),
      });
    }
    const { SecretID, AccessorID } = (
      await this.#consul.put('/v1/acl/token', { Policies: [{ Name: this.#policy }] })
    ).json<{ SecretID: string; AccessorID: string }>();
    return { secret: SecretID, accessor: AccessorID };
  }

  async bury({ accessor }: Token): Promise<void> {
    await this.#consul.delete(`/v1/acl/token/${accessor}`);
  }

  close(): void {
    this.#consul.close();
  }
}

/** What the control does wrong: it keeps the token that it started with. */
class Control {
  readonly #reader: CatalogReader;
  readonly #onBeat: (accepted: boolean) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string, token: string, onBeat: (accepted: boolean) => void) {
    this.#reader = new CatalogReader(url, token);
    this.#onBeat = onBeat;
  }

  async register(): Promise<void> {
    await this.#reader.put('/v1/agent/service/register', {
      Name: 'control',
      ID: 'control',
      Checks: [{ CheckID: 'control:ttl', Name: 'Heartbeat', TTL: TTL, Status: 'passing' }],
    });
    this.#timer = setInterval(() => {
      void this.#reader
        .put('/v1/agent/check/update/control:ttl', { Status: 'passing', Output: 'ok' })
        .then(this.#onBeat);
    }, INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#reader.close();
  }
}
