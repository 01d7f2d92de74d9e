import { expect, it } from 'vitest';
import { readPlatformEnv } from '../../../src/config/platform-env.js';
import { killTimeoutProblem } from '../../../src/shutdown/kill-timeout.js';
import { fakeSystem } from '../../support/fake-system.js';
import { simulatedLife } from '../../support/simulated-life.js';
import { waitFor } from '../../support/wait-for.js';

it.each([
  [{}, undefined],
  [{ kill_timeout: '9000' }, undefined],
  [{ pm_id: '0' }, { killTimeoutMs: undefined }],
  [{ pm_id: '0', kill_timeout: '9000' }, { killTimeoutMs: 9_000 }],
  [{ pm_id: '0', kill_timeout: '9s' }, { killTimeoutMs: undefined }],
])('reads %o as %o', (env, pm2) => {
  expect(readPlatformEnv(env).pm2).toEqual(pm2);
});

it.each([
  [
    undefined,
    'PM2 kills this process 1.6s after it asked for a stop (its default, since kill_timeout is not set), but ' +
      "`shutdown.timeout` is 25s: a stop that takes longer loses requests. Set kill_timeout: 27000 in PM2's ecosystem file",
  ],
  [
    9_000,
    expect.stringContaining('9s after it asked for a stop (kill_timeout), but `shutdown.timeout` is 25s') as string,
  ],
  [25_000, undefined],
])('compares a kill_timeout of %s with `shutdown.timeout`', (killTimeoutMs, problem) => {
  expect(killTimeoutProblem({ killTimeoutMs }, 25_000)).toEqual(problem);
});

it('is said at the start under PM2', async () => {
  const system = fakeSystem({ env: { pm_id: '3', kill_timeout: '1600' } });
  const { registrar, told } = simulatedLife({}, undefined, undefined, system);
  void registrar.start();
  await waitFor(() => told('warning').some(({ message }) => message.startsWith('PM2 kills this process 1.6s')));
});
