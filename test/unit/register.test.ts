import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { memory, register, Registrar } from 'rollcall';
import type { RegistrarOptions, Registry } from 'rollcall';
import { fakeSystem } from '../support/fake-system.js';
import { inContext } from '../../src/compose.js';

const shutdown = { signals: false, drain: { min: 0, quiet: 0 } } as const;
const quiet = { name: 'orders', logger: false, shutdown } as const satisfies RegistrarOptions;

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function newServer(): Server {
  const server = createServer();
  ends.push(() => server.close());
  return server;
}

/** How long the event loop is kept busy by a `register` that has nothing to wait for. */
async function timed<T>(work: Promise<T>): Promise<{ value: T; tookMs: number }> {
  const at = performance.now();
  return { value: await work, tookMs: performance.now() - at };
}

describe('register() of a server that is about to listen', () => {
  it.each(['127.0.0.1', 'localhost', undefined])('waits until it is registered, bound to %s', async (host) => {
    const server = newServer();
    const registrar = await register(host === undefined ? server.listen(0) : server.listen(0, host), {
      ...quiet,
      registry: memory(),
    });
    ends.push(() => registrar.stop());
    expect(registrar.state).toBe('registered');
    expect(registrar.instance?.port).toBeGreaterThan(0);
  });

  it('counts `wait` from listening and not from the call', async () => {
    const server = newServer();
    const registrar = await register(server.listen(0, 'localhost'), { ...quiet, registry: memory(), wait: '2s' });
    ends.push(() => registrar.stop());
    expect(registrar.state).toBe('registered');
  });

  it('costs next to nothing where nothing is pending, and registers when it listens', async () => {
    const server = newServer();
    const { value: registrar, tookMs } = await timed(register(server, { ...quiet, registry: memory() }));
    ends.push(() => registrar.stop());
    expect(registrar.state).toBe('waiting');
    expect(tookMs).toBeLessThan(500);
    const registered = new Promise((resolve) => registrar.on('registered', resolve));
    server.listen(0, '127.0.0.1');
    await registered;
  });

  it('keeps a process that has nothing else to do alive until it has returned', async () => {
    const script = fileURLToPath(new URL('fixtures/register-first.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script]);
    expect(stdout).toBe('waiting\nregistered\n');
  });
});

describe("register() rejects for what is the caller's mistake", () => {
  it('with the address that cannot be found', async () => {
    const registrar = inContext(
      { system: fakeSystem() },
      () => new Registrar({ ...quiet, registry: far(memory()) }),
    ).bind(newServer().listen(0));
    ends.push(() => registrar.stop());
    await expect(registrar.settled()).rejects.toMatchObject({ code: 'ROLLCALL_ADDRESS_NOT_FOUND' });
    expect(registrar.state).toBe('failed');
    expect(registrar.status().trouble).toMatchObject({
      code: 'ROLLCALL_ADDRESS_NOT_FOUND',
      message: expect.stringContaining('SERVICE_ADDRESS') as string,
    });
  });

  it("with the id that another instance keeps, under onIdConflict: 'fail'", async () => {
    const registry = memory();
    const options = { ...quiet, id: 'orders-1', ttl: '1s', registry, onIdConflict: 'fail', wait: '20s' } as const;
    const first = await register(newServer().listen(0, '127.0.0.1'), options);
    ends.push(() => first.stop());
    await expect(register(newServer().listen(0, '127.0.0.1'), options)).rejects.toMatchObject({
      code: 'ROLLCALL_ID_CONFLICT',
    });
  });

  it('and for nothing that a registry refuses', async () => {
    const refusal = Object.assign(new Error('no such field'), { code: 'ROLLCALL_REGISTRY_REJECTED', retryable: false });
    const registry = {
      ...far(memory()),
      traits: { isLocal: false, suppliesAddress: true },
      register: () => Promise.reject(refusal),
    };
    const registrar = await register(newServer().listen(0, '127.0.0.1'), { ...quiet, address: '10.0.0.1', registry });
    ends.push(() => registrar.stop());
    expect(registrar.state).toBe('failed');
    expect(registrar.status().trouble).toEqual({ code: 'ROLLCALL_REGISTRY_REJECTED', message: 'no such field' });
  });
});

/** The same registry as one of another host, which fills in no address. */
function far(inner: Registry): Registry {
  return {
    name: 'far',
    traits: { isLocal: false, suppliesAddress: false },
    read: (...given) => inner.read(...given),
    register: (...given) => inner.register(...given),
    remove: (...given) => inner.remove(...given),
    close: () => inner.close(),
  };
}
