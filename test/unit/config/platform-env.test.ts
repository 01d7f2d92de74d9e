import { expect, it } from 'vitest';
import { readPlatformEnv } from '../../../src/config/platform-env.js';

it('has nothing where no platform says anything', () => {
  expect(readPlatformEnv({ PATH: '/bin', POD_IP: '', DOCKER_HOST: '' })).toEqual({
    pod: [],
    nomad: [],
    dockerHost: undefined,
  });
});

it('has the IP of the pod by either name, and where Docker is', () => {
  expect(readPlatformEnv({ MY_POD_IP: '10.1.1.2', POD_IP: '10.1.1.1', DOCKER_HOST: 'tcp://proxy:2375' })).toEqual({
    pod: [
      { variable: 'POD_IP', address: '10.1.1.1' },
      { variable: 'MY_POD_IP', address: '10.1.1.2' },
    ],
    nomad: [],
    dockerHost: 'tcp://proxy:2375',
  });
});

it('has each port that Nomad has given, as the host shows it', () => {
  const env = {
    NOMAD_PORT_http: '8080',
    NOMAD_IP_http: '10.2.0.1',
    NOMAD_HOST_PORT_http: '23456',
    NOMAD_PORT_grpc: '9090',
    NOMAD_IP_grpc: '172.26.64.2',
    NOMAD_HOST_IP_grpc: '10.2.0.1',
  };
  expect(readPlatformEnv(env).nomad).toEqual([
    { label: 'http', address: '10.2.0.1', port: 8080, hostPort: 23_456 },
    { label: 'grpc', address: '10.2.0.1', port: 9090, hostPort: 9090 },
  ]);
});

it.each([
  { NOMAD_PORT_http: '8080' },
  { NOMAD_PORT_http: 'many', NOMAD_IP_http: '10.2.0.1' },
  { NOMAD_PORT_http: '70000', NOMAD_IP_http: '10.2.0.1' },
  { NOMAD_PORT_http: '8080', NOMAD_IP_http: '10.2.0.1', NOMAD_HOST_PORT_http: '-1' },
  { NOMAD_PORT_http: '8080', NOMAD_IP_http: 'evil.example' },
  { NOMAD_PORT_http: '8080', NOMAD_IP_http: '999.2.0.1' },
  { NOMAD_PORT_http: '8080', NOMAD_IP_http: '0.0.0.0' },
  { NOMAD_PORT_http: '8080', NOMAD_IP_http: '10.2.0.1', NOMAD_HOST_IP_http: '10.2.0.1/24' },
  { NOMAD_PORT_http: '8080', NOMAD_IP_http: '10.2.0.1\u001b[31m' },
])('passes over a port of Nomad that makes no sense: %o', (env) => {
  expect(readPlatformEnv(env).nomad).toEqual([]);
});

it('trims what platforms set, and takes no link to a Service of Kubernetes for a port of Nomad', () => {
  expect(readPlatformEnv({ POD_IP: '10.1.1.1\r\n', DOCKER_HOST: ' tcp://proxy:2375\n' })).toMatchObject({
    pod: [{ variable: 'POD_IP', address: '10.1.1.1' }],
    dockerHost: 'tcp://proxy:2375',
  });
  const port = { NOMAD_PORT_http: '8080\r\n', NOMAD_IP_http: ' 10.2.0.1', NOMAD_HOST_PORT_http: ' ' };
  const service = { NOMAD_SERVICE_HOST: '10.96.0.9', NOMAD_SERVICE_PORT: '4646', NOMAD_PORT: 'tcp://10.96.0.9:4646' };
  const links = { ...service, NOMAD_PORT_4646_TCP_PORT: '4646', NOMAD_IP_4646_TCP_PORT: '10.2.0.9' };
  expect(readPlatformEnv(port).nomad).toEqual([{ label: 'http', address: '10.2.0.1', port: 8080, hostPort: 8080 }]);
  expect(readPlatformEnv(links).nomad).toEqual([]);
});
