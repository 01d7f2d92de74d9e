import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/core/errors.js';
import { engineTarget } from '../../../src/instance/docker-engine.js';

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
