import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve-config.js';
import { readServiceEnv } from '../../../src/config/env.js';
import type { RegistrarOptions } from '../../../src/config/options.js';

const facts = { variable: () => undefined, host: () => 'web1' };
const on = (platform: NodeJS.Platform, shutdown: RegistrarOptions['shutdown'] = {}) =>
  resolveConfig({ name: 'orders', shutdown }, readServiceEnv({}), facts, {}, platform);

describe('the signals that stop a Registrar', () => {
  it.each([
    ['linux', ['SIGTERM', 'SIGINT'], 0],
    ['darwin', ['SIGTERM', 'SIGINT'], 0],
    ['win32', ['SIGINT', 'SIGBREAK'], 1],
  ] as const)('on %s are %j by default', (platform, signals, lines) => {
    const config = on(platform);
    expect(config.signals).toEqual(signals);
    expect(config.warnings).toHaveLength(lines);
  });

  it('are said on Windows not to include the stop of a service manager, whose entry the TTL ends', () => {
    expect(on('win32').warnings[0]).toMatch(
      /^on Windows a service manager.* until its TTL \(10s\) ends; .*registrar\.stop\(\)/,
    );
    expect(on('win32', { signals: ['SIGINT'] }).warnings).toHaveLength(1);
    expect(on('win32', { signals: false }).warnings).toEqual([]);
  });

  it.each(['SIGBREAK', 'SIGHUP', 'SIGUSR2'] as const)('may include %s on every system', (signal) => {
    for (const platform of ['linux', 'darwin', 'win32'] as const)
      expect(on(platform, { signals: [signal] }).signals).toEqual([signal]);
  });
});
