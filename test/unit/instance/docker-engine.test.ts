import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/core/errors.js';
import { engineTarget, inspectContainer } from '../../../src/instance/docker-engine.js';

describe('DOCKER_HOST', () => {
  it.each<[string | undefined, object]>([
    [undefined, { socketPath: '/var/run/docker.sock' }],
    ['unix:///run/user/1000/docker.sock', { socketPath: '/run/user/1000/docker.sock' }],
    ['tcp://docker-proxy:2375', { host: 'docker-proxy', port: 2375 }],
    ['tcp://docker-proxy', { host: 'docker-proxy', port: 2375 }],
    ['http://10.0.0.1:80/', { host: '10.0.0.1', port: 80 }],
    ['tcp://[fd00::1]:2375', { host: 'fd00::1', port: 2375 }],
  ])('%s is understood', (text, target) => {
    expect(engineTarget(text)).toMatchObject(target);
  });

  it.each([
    'ssh://me@host',
    'npipe:////./pipe/docker_engine',
    'docker.sock',
    'unix://',
    'tcp://',
    'tcp://a b:2375',
    'tcp://me@host:2375',
    'https://host:2376',
  ])('%s is refused with what is allowed', (text) => {
    expect(() => engineTarget(text)).toThrow(ConfigError);
    expect(() => engineTarget(text)).toThrow(
      /DOCKER_HOST: got ".*"; unix:\/\/\/path or tcp:\/\/host:port, or set the port with SERVICE_PORT/,
    );
  });
});

it('takes only addresses for the addresses of the host', async () => {
  const bindings = ['10.0.0.1', '', '::', undefined, 'evil.example', '999.0.0.1', 'fe80::1%eth0', '\u001b[31m', 7].map(
    (HostIp) => ({ HostIp, HostPort: '8080' }),
  );
  const container = { Id: 'abc', HostConfig: {}, NetworkSettings: { Ports: { '3000/tcp': bindings } } };
  const server = createServer((_request, response) => response.end(JSON.stringify(container))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, shown: 'here' };
    const { ports } = await inspectContainer(target, 'abc', new AbortController().signal);
    expect(ports['3000/tcp']?.map(({ hostIp }) => hostIp)).toEqual(['10.0.0.1', '', '::', '']);
  } finally {
    server.close();
  }
});
