import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { AddressNotFoundError, Registrar, consul } from 'rollcall';
import { systemClock } from '../../src/core/clock.js';
import type { Clock } from '../../src/core/clock.js';
import { ConfigError } from '../../src/core/errors.js';
import { findPlace } from '../../src/instance/find-place.js';
import type { PlaceSearch } from '../../src/instance/find-place.js';
import { FakeClock, settle } from '../support/fake-clock.js';
import { fakeSystem } from '../support/fake-system.js';
import { recordEvents } from '../support/record-events.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { inspection, ownId, startEngine, traces } from './fixtures/docker-engine.js';
import type { FakeEngine, Reply } from './fixtures/docker-engine.js';
import { cleanUp, freshName, later, listeningServer, portOf, quickStop } from './fixtures/live.js';
import { inContext } from '../../src/compose.js';

const agent = {
  name: 'consul',
  traits: { isLocal: true, suppliesAddress: true },
  endpoint: { host: '127.0.0.1', port: 8500 },
};
const far = {
  name: 'consul',
  traits: { isLocal: false, suppliesAddress: false },
  endpoint: { host: '10.9.0.1', port: 8500 },
};
const everywhere = [
  { HostIp: '0.0.0.0', HostPort: '49153' },
  { HostIp: '::', HostPort: '49153' },
];
const published = { body: inspection({ '3000/tcp': everywhere }) };

afterEach(cleanUp);

async function engine(replies: readonly Reply[], how?: 'unix' | 'tcp'): Promise<FakeEngine> {
  const started = await startEngine(replies, how);
  later(() => started.close());
  return started;
}

interface Given {
  readonly registry?: PlaceSearch['registry'];
  readonly address?: string;
  /** Undefined: no server. */
  readonly listening?: number | undefined;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly warnings?: string[];
}

function find(dockerHost: string | undefined, given: Given = {}) {
  const {
    registry = agent,
    address,
    listening,
    clock = systemClock,
    signal = new AbortController().signal,
    warnings = [],
  } = { listening: 3000, ...given };
  const system = fakeSystem({
    interfaces: { eth0: ['172.18.0.3'] },
    route: '172.18.0.3',
    env: { DOCKER_HOST: dockerHost },
    ...traces,
  });
  const server = listening === undefined ? undefined : ({ address: '::', port: listening, protocol: 'http' } as const);
  return findPlace(
    {
      config: { address, port: 'docker' },
      server,
      registry,
      system,
      clock,
      random: () => 0.5,
      onWarning: (message) => warnings.push(message),
    },
    signal,
  );
}

const findIn = async (ports: Parameters<typeof inspection>[0], given?: Given, networkMode?: string) =>
  find((await engine([{ body: inspection(ports, networkMode) }])).dockerHost, given);

describe("the published port, with port: 'docker'", () => {
  it.each(['unix', 'tcp'] as const)(
    'is asked for once, by the id of our container, over %s, and no connection stays',
    async (how) => {
      const docker = await engine([published], how);
      const { port, address, notes } = await find(docker.dockerHost);
      expect([port, address]).toEqual([49_153, undefined]);
      expect(notes).toContain('advertising port 49153 while the server listens on 3000');
      expect(docker.requests).toEqual([`GET /containers/${ownId}/json`]);
      await docker.quiet();
    },
  );

  it('is the one that leads to the port listened on', async () => {
    const ports = {
      '8080/tcp': [{ HostIp: '', HostPort: '8080' }],
      '3000/udp': [{ HostIp: '', HostPort: '1' }],
      '3000/tcp': everywhere,
      '9229/tcp': null,
    };
    expect((await findIn(ports)).port).toBe(49_153);
  });

  it('brings the address it is published on, unless one is configured', async () => {
    const ports = { '3000/tcp': [{ HostIp: '192.168.1.20', HostPort: '8080' }] };
    expect(await findIn(ports, { registry: far })).toMatchObject({ address: '192.168.1.20', port: 8080 });
    expect(await findIn(ports, { registry: far, address: 'host-7.internal' })).toMatchObject({
      address: 'host-7.internal',
      port: 8080,
    });
  });

  it('is the first of several, with a warning', async () => {
    const warnings: string[] = [];
    const ports = {
      '3000/tcp': [
        { HostIp: '0.0.0.0', HostPort: '49153' },
        { HostIp: '::', HostPort: '49154' },
      ],
    };
    expect((await findIn(ports, { warnings })).port).toBe(49_153);
    expect(warnings).toEqual(['port 3000/tcp is published more than once: advertising 0.0.0.0:49153, not [::]:49154']);
  });

  it('on loopback alone will do for a registry on this host, not for one elsewhere', async () => {
    const ports = { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] };
    expect(await findIn(ports)).toMatchObject({ address: '127.0.0.1', port: 8080 });
    await expect(findIn(ports, { registry: far })).rejects.toThrow(
      /published only on 127\.0\.0\.1:8080, which only the host reaches/,
    );
    const both = {
      '3000/tcp': [
        { HostIp: '127.0.0.1', HostPort: '8080' },
        { HostIp: '10.0.0.5', HostPort: '8081' },
      ],
    };
    expect(await findIn(both, { registry: far })).toMatchObject({ address: '10.0.0.5', port: 8081 });
  });

  it('is the one listened on in a container with the host’s own network', async () => {
    expect(await findIn({}, { registry: far }, 'host')).toMatchObject({ address: '172.18.0.3', port: 3000 });
  });

  it('is published by the container whose network ours shares', async () => {
    const other = 'c'.repeat(64);
    const docker = await engine([
      { body: inspection({}, `container:${other}`) },
      { body: inspection({ '3000/tcp': everywhere }, 'bridge', other) },
    ]);
    expect((await find(docker.dockerHost)).port).toBe(49_153);
    expect(docker.requests).toEqual([`GET /containers/${ownId}/json`, `GET /containers/${other}/json`]);
  });

  it('is the only one there is where no server tells which', async () => {
    expect((await findIn({ '50051/tcp': everywhere, '9000/tcp': null }, { listening: undefined })).port).toBe(49_153);
    await expect(findIn({ '50051/tcp': everywhere, '9000/tcp': everywhere }, { listening: undefined })).rejects.toThrow(
      /exactly one published port.*50051\/tcp, 9000\/tcp are published/,
    );
  });
});

describe('the address that goes with it', () => {
  it("is never the container's own: towards a registry elsewhere it has to be said", async () => {
    const { dockerHost } = await engine([published]);
    await expect(find(dockerHost, { registry: far })).rejects.toBeInstanceOf(AddressNotFoundError);
    await expect(find(dockerHost, { registry: far })).rejects.toThrow(
      /a container cannot detect those: set `address` or SERVICE_ADDRESS/,
    );
    const { address, candidates } = await find(dockerHost, { registry: far, address: '192.168.1.20' });
    expect(address).toBe('192.168.1.20');
    expect(candidates).toContainEqual({
      address: '172.18.0.3',
      source: 'interface',
      chosen: false,
      reason: 'it belongs to the container, but the port to the host (eth0)',
    });
  });
});

describe('what another try cannot mend is refused with the next step', () => {
  it.each<[string, Reply, RegExp]>([
    [
      'a port that is only exposed',
      { body: inspection({ '3000/tcp': null, '8080/tcp': everywhere }) },
      /port 3000\/tcp of container 4fa6e0f0c678 is not published \(8080\/tcp is\): publish it \(docker run -p 3000/,
    ],
    ['no published port at all', { body: inspection(null) }, /is not published \(none is\)/],
    [
      'a proxy that refuses',
      { status: 403, body: '<html>403 Forbidden</html>' },
      /denies access to containers \(403\).*CONTAINERS=1/,
    ],
    [
      'an engine that does not run us',
      { status: 404, body: { message: `No such container: ${ownId}` } },
      /has no container 4fa6.*correct DOCKER_HOST/,
    ],
    ['something that is no engine', { body: '<html>welcome</html>' }, /is not a Docker Engine/],
    ['JSON of something else', { body: { hello: 'world' } }, /is not a Docker Engine/],
    [
      'a port for TLS alone',
      { status: 400, body: 'Client sent an HTTP request to an HTTPS server.\n' },
      /not a Docker Engine that speaks plain HTTP/,
    ],
    ['an answer without end', { body: ' '.repeat(5_000_000) }, /is not a Docker Engine/],
  ])('%s', async (_, reply, message) => {
    const { dockerHost } = await engine([reply]);
    await expect(find(dockerHost)).rejects.toBeInstanceOf(ConfigError);
    await expect(find(dockerHost)).rejects.toThrow(message);
  });

  it('a socket that is not there', async () => {
    await expect(find('unix:///nonexistent/docker.sock')).rejects.toThrow(
      /there is no Docker Engine at \/nonexistent\/docker\.sock: set DOCKER_HOST to a proxy.*mount the socket.*SERVICE_PORT/,
    );
  });

  it('a socket without the permission to use it', async () => {
    const docker = await engine([published]);
    await docker.lock();
    // The superuser may use any socket.
    const superuser = process.geteuid?.() === 0;
    if (superuser) process.seteuid?.(65_534);
    try {
      await expect(find(docker.dockerHost)).rejects.toThrow(
        /no permission to use \/.*docker\.sock: run in the socket's group/,
      );
    } finally {
      if (superuser) process.seteuid?.(0);
    }
  });

  it('a process in no container', async () => {
    const system = fakeSystem({ hostname: 'web1' });
    const search = {
      config: { address: undefined, port: 'docker' },
      server: undefined,
      registry: agent,
      system,
      clock: systemClock,
      random: () => 0.5,
      onWarning: () => undefined,
    } as const;
    await expect(findPlace(search, new AbortController().signal)).rejects.toThrow(
      /only in a container of Docker, and this process runs in none/,
    );
  });
});

describe('an engine in trouble', () => {
  it('is asked again until it answers, with one warning', async () => {
    const docker = await engine([
      { status: 500, body: { message: 'no' } },
      { status: 503, body: 'starting' },
      published,
    ]);
    const warnings: string[] = [];
    expect((await find(docker.dockerHost, { warnings })).port).toBe(49_153);
    expect(docker.requests).toHaveLength(3);
    expect(warnings).toEqual([
      expect.stringMatching(/^the published port is not known yet.*retrying: .*answered 500$/),
    ]);
  });

  it('has two seconds for an answer', async () => {
    const clock = new FakeClock();
    const docker = await engine([{ body: undefined }, published]);
    const warnings: string[] = [];
    const found = find(docker.dockerHost, { clock, warnings });
    await docker.arrived(1);
    await clock.advance(2_000);
    await waitForTimer(clock);
    expect(warnings).toEqual([expect.stringMatching(/retrying: .*took longer than 2000 ms$/)]);
    await clock.advance(250);
    expect((await found).port).toBe(49_153);
    expect(clock.pending).toBe(0);
    await docker.quiet();
  });

  it('is let go of when the Registrar stops', async () => {
    const docker = await engine([{ body: undefined }]);
    const halt = new AbortController();
    const found = find(docker.dockerHost, { signal: halt.signal });
    await docker.arrived(1);
    halt.abort(new Error('stopping'));
    await expect(found).rejects.toThrow('stopping');
    await docker.quiet();
  });
});

describe('a Registrar in a container, with a real agent', () => {
  it('is listed at the published port, at the address of the agent', async () => {
    const url = inject('consulUrl');
    const server = await listeningServer();
    const docker = await engine([{ body: inspection({ [`${portOf(server)}/tcp`]: everywhere }) }]);
    const system = fakeSystem({ env: { DOCKER_HOST: docker.dockerHost }, ...traces });
    const name = freshName('docker');
    const registrar = inContext(
      { system },
      () =>
        new Registrar({
          name,
          port: 'docker',
          registry: consul({ endpoints: [url] }),
          logger: false,
          shutdown: quickStop,
        }),
    );
    later(() => registrar.stop());
    const events = recordEvents(registrar);
    await registrar.bind(server).start();
    const reader = rawConsul(url);
    later(() => reader.close());
    const [entry] = (await reader.get(`/v1/health/service/${name}?passing`)).json<
      { Service: { Address: string; Port: number } }[]
    >();
    expect([entry!.Service.Port, registrar.status().port, (await events.next('address')).port]).toEqual([
      49_153, 49_153, 49_153,
    ]);
  });
});

/** Until the next try waits for its turn. */
async function waitForTimer(clock: FakeClock): Promise<void> {
  while (clock.pending === 0) {
    await settle();
    await sleep(1);
  }
}
