import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { patience } from '../../../src/lifecycle/unlisted.js';
import { simulatedLife } from '../../support/simulated-life.js';
import type { SimulatedLife } from '../../support/simulated-life.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function newServer(): Server {
  const server = createServer();
  servers.push(server);
  return server;
}

/** As another process would register under the same options. */
async function instanceOf({ clock }: SimulatedLife): Promise<ServiceInstance> {
  const other = simulatedLife({ id: 'orders-1' });
  void other.registrar.start();
  await other.clock.advance(clock.now() + 100);
  return other.registrar.instance!;
}

const warnings = ({ told }: SimulatedLife) => told('warning').map(({ message }) => message);

describe('a gate that stays shut', () => {
  it.each([
    [
      'throws',
      () => {
        throw new TypeError('db.query is not a function');
      },
      'the option `ready` threw TypeError: db.query is not a function',
    ],
    ['rejects', () => Promise.reject(new Error('no pool')), 'the option `ready` threw Error: no pool'],
    ['says false', () => false, 'the option `ready` returned false'],
    ['forgets to return', () => undefined as unknown as boolean, 'the option `ready` returned undefined'],
    ['hangs', () => new Promise<boolean>(() => undefined), 'the option `ready` did not answer within 5s'],
  ])('and %s is reported after `wait`, then once a minute, with the cause', async (_how, ready, cause) => {
    const life = simulatedLife({ ready, wait: '6s' });
    void life.registrar.start();
    await life.clock.advance(5_900);
    expect(warnings(life)).toEqual([]);
    await life.clock.advance(200);
    const words = (waited: string) =>
      `not registered after ${waited}, waiting for \`ready\` to return true: ${cause}; ` +
      'the service is registered once it returns true';
    expect(warnings(life)).toEqual([words('6s')]);
    await life.clock.advance(59_000);
    expect(warnings(life)).toHaveLength(1);
    await life.clock.advance(2_000);
    expect(warnings(life)).toHaveLength(2);
    expect(life.registrar.status()).toMatchObject({
      state: 'waiting',
      waitingFor: '`ready` to return true',
      trouble: { code: 'ROLLCALL_NOT_READY', message: expect.stringContaining(cause) as string },
    });
  });

  it('is asked again when it hangs, and its next answer opens it', async () => {
    let calls = 0;
    const life = simulatedLife({ ready: () => (++calls === 1 ? new Promise<boolean>(() => undefined) : true) });
    void life.registrar.start();
    await life.clock.advance(4_900);
    expect([calls, life.registrar.state]).toEqual([1, 'waiting']);
    await life.clock.advance(600);
    expect([calls, life.registrar.state]).toEqual([2, 'registered']);
    expect(life.registrar.status()).toMatchObject({ waitingFor: undefined, trouble: undefined });
  });

  it('is not reported any more once it has opened or the Registrar has stopped', async () => {
    for (const end of ['open', 'stop']) {
      let open = false;
      const life = simulatedLife({ ready: () => open, shutdown: { drain: { min: 0, quiet: 0 } } });
      life.registrar.start().catch(() => undefined);
      await life.clock.advance(5_100);
      expect(warnings(life)).toHaveLength(1);
      if (end === 'open') open = true;
      else void life.registrar.stop();
      await life.clock.advance(180_000);
      expect(warnings(life)).toHaveLength(1);
    }
  });

  it('is the error of a start that is required to register', async () => {
    const bug = new TypeError('db.query is not a function');
    const life = simulatedLife({
      required: true,
      ready: () => {
        throw bug;
      },
    });
    const outcome = life.registrar.settled().catch((error: unknown) => error);
    await life.clock.advance(6_100);
    expect(await outcome).toMatchObject({ code: 'ROLLCALL_NOT_READY', cause: bug });
  });
});

describe('a server that does not listen', () => {
  it('is reported with the error of its port', async () => {
    const taken = newServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const life = simulatedLife();
    const server = newServer();
    life.registrar.bind(server);
    void life.registrar.start();
    const failed = once(server, 'error');
    server.listen(port, '127.0.0.1');
    await failed;
    await life.clock.advance(5_100);
    const cause = `the server does not listen: listen EADDRINUSE: address already in use 127.0.0.1:${port}`;
    expect(warnings(life)).toEqual([
      `not registered after 5s, waiting for the server to listen: ${cause}; the service is registered once it does`,
    ]);
    expect(life.registrar.status().trouble).toMatchObject({ code: 'ROLLCALL_NOT_READY' });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await life.clock.advance(100);
    expect(life.registrar.status()).toMatchObject({ state: 'registered', trouble: undefined });
  });

  it('is told to be in the wrong process when it is handed connections', async () => {
    const life = simulatedLife();
    const server = newServer();
    life.registrar.bind(server);
    void life.registrar.start();
    await life.clock.advance(5_100);
    expect(warnings(life)).toEqual([expect.stringContaining('call listen(), or, in a worker without a port')]);
    const owner = newServer().listen(0, '127.0.0.1');
    await once(owner, 'listening');
    owner.on('connection', (socket) => server.emit('connection', socket));
    const { connect } = await import('node:net');
    const socket = connect((owner.address() as AddressInfo).port, '127.0.0.1');
    await once(owner, 'connection');
    socket.destroy();
    await life.clock.advance(60_000);
    expect(warnings(life).at(-1)).toContain('is handed connections but does not listen');
  });
});

describe('an instance that waits for others', () => {
  it('names the id that another instance holds, from its first look and again each minute', async () => {
    const life = simulatedLife({ id: 'orders-1' });
    const rival = { ...(await instanceOf(life)), port: 9_999, nonce: 'another' };
    life.registry.entries.set('orders-1', {
      instance: rival,
      status: 'passing',
      beatAt: Infinity,
      maintenance: undefined,
    });
    void life.registrar.start();
    await life.clock.advance(100);
    expect(life.registrar.status()).toMatchObject({
      state: 'waiting',
      waitingFor: 'the id orders-1 to be free',
      trouble: { code: 'ROLLCALL_ID_CONFLICT' },
    });
    await life.clock.advance(70_000);
    expect(warnings(life).filter((message) => message.includes('waiting for the id orders-1 to be free'))).toHaveLength(
      2,
    );
  });

  it('names the registry that does not list it, whose outage the log tells', async () => {
    const life = simulatedLife();
    life.registry.down = true;
    void life.registrar.start();
    await life.clock.advance(30_000);
    expect(life.registrar.status()).toMatchObject({
      state: 'recovering',
      trouble: { code: 'ROLLCALL_REGISTRY_UNAVAILABLE' },
    });
    expect(life.registrar.status().waitingFor).toContain('to list the instance');
    expect(warnings(life)).toEqual([]);
  });
});

it.each([
  [2_000, 2_000],
  [0, 5_000],
  [Infinity, 5_000],
])('a `wait` of %s ms is a patience of %s ms', (waitMs, ms) => {
  expect(patience(waitMs)).toBe(ms);
});
