import { describe, expect, it } from 'vitest';
import { readRunContext } from '../../../src/config/drain-context.js';
import { readServiceEnv } from '../../../src/config/env.js';
import type { Environment } from '../../../src/config/env.js';
import type { ShutdownOptions } from '../../../src/config/options.js';
import { resolveConfig } from '../../../src/config/resolve-config.js';
import { processFacts } from '../../../src/config/templates.js';

function noDrain(env: Environment, shutdown?: ShutdownOptions): string | undefined {
  const options = { name: 'orders', ...(shutdown && { shutdown }) };
  return resolveConfig(options, readServiceEnv(env), processFacts, readRunContext(env)).noDrain;
}

describe('a stop does without a drain', () => {
  it.each<[Environment, string]>([
    [{ NODE_ENV: 'test' }, 'NODE_ENV is test'],
    [{ NODE_TEST_CONTEXT: 'child-v8' }, 'node --test runs this process'],
    [{ WATCH_REPORT_DEPENDENCIES: '1' }, 'node --watch runs this process'],
    [{ SERVICE_DRAIN: 'off' }, 'SERVICE_DRAIN is off'],
    [{ SERVICE_DRAIN: 'off', NODE_ENV: 'production' }, 'SERVICE_DRAIN is off'],
  ])('under %j, also where the code sets its lengths', (env, why) => {
    expect(noDrain(env)).toBe(why);
    expect(noDrain(env, { drain: { min: '5s' } })).toBe(why);
  });

  it('where the code says so, whatever the environment says', () => {
    expect(noDrain({ SERVICE_DRAIN: 'on' }, { drain: false })).toBe('`shutdown.drain` is false');
  });

  it.each<Environment>([
    {},
    { NODE_ENV: 'development' },
    { NODE_ENV: 'production' },
    { NODE_ENV: '', WATCH_REPORT_DEPENDENCIES: '' },
    { NODE_ENV: 'test', SERVICE_DRAIN: 'on' },
  ])('but not under %j', (env) => {
    expect(noDrain(env)).toBeUndefined();
  });

  it('and a value that is neither on nor off is named, with its variable', () => {
    expect(() => noDrain({ SERVICE_DRAIN: 'false' })).toThrow(/SERVICE_DRAIN.*`off` or `on`/s);
  });
});
