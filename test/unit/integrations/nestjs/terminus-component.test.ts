import { terminusComponent } from 'rollcall/nestjs';
import { describe, expect, it } from 'vitest';

const run = (indicator: Parameters<typeof terminusComponent>[0]) =>
  terminusComponent(indicator).run(new AbortController().signal);

describe('a component of a health indicator of terminus', () => {
  it('passes when all that the indicator reports is up', async () => {
    expect(await run(() => ({ db: { status: 'up' } }))).toEqual({ status: 'passing' });
    expect(await run(() => Promise.resolve({ db: { status: 'up', ms: 3 }, cache: { status: 'up' } }))).toEqual({
      status: 'passing',
    });
  });

  it('fails when any of it is not up, and says which and why', async () => {
    const result = { db: { status: 'down', message: 'no connection' }, cache: { status: 'up' }, disk: { status: '?' } };
    expect(await run(() => result)).toEqual({ status: 'critical', detail: 'db is down: no connection, disk is ?' });
  });

  it('fails as the indicator does, which throws up to version 10', async () => {
    const thrown = new Error('db is not available');
    await expect(run(() => Promise.reject(thrown))).rejects.toBe(thrown);
  });
});
