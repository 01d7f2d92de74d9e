import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, inject, it } from 'vitest';
import { cleanUp, freshName, later } from '../integration/fixtures/live.js';
import { killForkedServices } from '../support/fork-service.js';
import type { Plan } from './fixtures/plan.js';
import { TestService } from './fixtures/start-service.js';

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

it('a stop that was killed is told by the next start of the instance', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-test-'));
  later(() => rmSync(folder, { recursive: true }));
  const shutdown = { drain: { min: '30s', max: '30s' }, timeout: '60s' };
  const options = { name: freshName('cut-short'), id: freshName('cut-short'), shutdown };
  const plan: Plan = { kind: 'http', url: inject('consulUrl'), options };
  const start = async () => {
    const service = new TestService(plan, { TMPDIR: folder });
    await service.told('settled');
    return service;
  };
  const first = await start();
  first.process.signal('SIGTERM');
  await first.event('deregistered');
  await first.process.kill();

  const second = await start();
  await second.process.waitForLine(/was cut short: SIGTERM began it.*it had left the registry/);
});
