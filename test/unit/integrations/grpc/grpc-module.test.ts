import * as grpc from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/index.js';
import { registerResolver } from '../../../../src/integrations/grpc.js';
import { grpcFault } from '../../../../src/integrations/grpc/grpc-module.js';
import { fakeResolver } from '../../../../src/integrations/testing/fake-resolver.js';

it('finds nothing wrong with the module, however it was imported', async () => {
  expect(grpcFault(grpc)).toBeUndefined();
  expect(grpcFault(((await import('@grpc/grpc-js')) as { default?: unknown }).default)).toBeUndefined();
});

describe('the module', () => {
  it.each([
    ['nothing', undefined, /the module of @grpc\/grpc-js ~1\.14$/m],
    [
      'an older one',
      { ...grpc, experimental: { registerResolver: () => undefined } },
      /lacks experimental\.registerLoad/,
    ],
    ['another one', {}, /lacks Metadata, status\.UNAVAILABLE/],
  ])('is refused in one line if it is %s', (_what, module, message) => {
    expect(() => registerResolver(module as never, fakeResolver({}))).toThrow(message);
    expect(() => registerResolver(module as never, fakeResolver({}))).toThrow(ConfigError);
  });
});
