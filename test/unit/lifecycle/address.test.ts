import { afterEach, describe, expect, it } from 'vitest';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { Registrar, consul, memory, register } from 'rollcall';
import type { RegistrarOptions, Registry } from 'rollcall';
import { fakeSystem } from '../../support/fake-system.js';
import type { FakeSystem } from '../../support/fake-system.js';
import { recordEvents } from '../../support/record-events.js';
import { MemoryLogger } from '../telemetry/memory-logger.js';
import { inContext } from '../../../src/compose.js';

const open: Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

/** A registry on another host, in which everything works. */
function farRegistry(): Registry {
  const inner = memory();
  return {
    name: 'far',
    traits: { isLocal: false, suppliesAddress: false },
    endpoint: { host: '10.9.0.1', port: 8500 },
    read: (...given) => inner.read(...given),
    register: (...given) => inner.register(...given),
    remove: (...given) => inner.remove(...given),
    close: () => inner.close(),
  };
}

function life(options: RegistrarOptions, machine: FakeSystem) {
  const logger = new MemoryLogger();
  const shutdown = { signals: false, drain: { min: 0, quiet: 0 } } as const;
  const registrar = inContext(
    { system: fakeSystem(machine) },
    () => new Registrar({ name: 'orders', registry: farRegistry(), logger, shutdown, ...options }),
  );
  return { registrar, logger, events: recordEvents(registrar) };
}

function listening(host: string): Server {
  const server = createServer().listen(0, host);
  open.push(server);
  return server;
}

describe('where a Registrar will be found', () => {
  it('is told by status(), by an event before the first registration, and by the log once', async () => {
    const { registrar, logger, events } = life(
      { port: 3000 },
      { interfaces: { eth0: ['10.0.0.7'] }, route: '10.0.0.7' },
    );
    expect(registrar.status().addressCandidates).toEqual([]);
    await registrar.start();
    const { addressCandidates, address, notes } = registrar.status();
    expect(address).toBe('10.0.0.7');
    expect(addressCandidates.map(({ source, chosen }) => `${source} ${chosen}`)).toEqual([
      'route true',
      'interface false',
      'interface false',
      'interface false',
    ]);
    expect(notes).toContain(
      'advertising 10.0.0.7, because packets to the registry (10.9.0.1:8500) leave from it, on eth0',
    );
    expect(events.of('address')).toEqual([{ address: '10.0.0.7', port: 3000, candidates: addressCandidates }]);
    const order = events.all.map(({ name }) => name);
    expect(order.indexOf('address')).toBeLessThan(order.indexOf('registered'));
    await registrar.stop();
    expect(logger.lines.filter(({ message }) => message.includes('advertises'))).toEqual([
      expect.objectContaining({
        level: 'info',
        message:
          'orders: advertises 10.0.0.7, port 3000, because packets to the registry (10.9.0.1:8500) leave from it, on eth0',
      }),
    ]);
  });

  it('cannot be loopback for a registry elsewhere: configured so, register() rejects', async () => {
    const options = {
      name: 'orders',
      address: '127.0.0.1',
      logger: false,
      shutdown: { signals: false },
      registry: farRegistry(),
    } as const;
    const server = listening('127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    await expect(register(server, options)).rejects.toThrow(/address: got "127\.0\.0\.1".*far at 10\.9\.0\.1:8500/);
  });

  it('cannot be loopback for a registry elsewhere: bound so, it has failed', async () => {
    const { registrar, events } = life({}, { interfaces: { eth0: ['10.0.0.7'] } });
    registrar.bind(listening('127.0.0.1'));
    await expect(registrar.start()).rejects.toThrow(/The server listens only on 127\.0\.0\.1/);
    expect(registrar.state).toBe('failed');
    expect(events.of('failed')[0]!.error.code).toBe('ROLLCALL_ADDRESS_NOT_FOUND');
    await registrar.stop();
  });

  it('is nowhere for a server on a Unix socket, which is refused', async () => {
    const { registrar } = life({}, {});
    const server = createServer().listen(`\0rollcall-${process.pid}`);
    open.push(server);
    registrar.bind(server);
    await expect(registrar.start()).rejects.toThrow(/Unix socket/);
    await registrar.stop();
  });
});

describe('where Consul is reached', () => {
  it.each([
    ['http://10.0.0.1:8500', '10.0.0.1', 8500],
    ['https://consul.internal', 'consul.internal', 443],
    ['http://consul.internal', 'consul.internal', 80],
    ['http://[fd00::1]:8500', 'fd00::1', 8500],
  ])('%s is %s, port %i', (url, host, port) => {
    expect(consul({ endpoints: [url] }).endpoint).toEqual({ host, port });
  });
});
