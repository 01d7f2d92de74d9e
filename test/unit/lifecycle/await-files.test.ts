import { expect, it } from 'vitest';
import { AwaitedFiles } from '../../../src/lifecycle/await-files.js';
import { Events } from '../../../src/telemetry/events.js';
import { logEvents } from '../../../src/telemetry/log.js';
import { FakeClock } from '../../support/fake-clock.js';

function waiting(missing: string[]) {
  const clock = new FakeClock();
  const events = new Events(() => undefined);
  const lines: string[] = [];
  const log = (_fields: object, message: string) => lines.push(message);
  logEvents(events, { debug: () => undefined, info: log, warn: log, error: log }, { service: 'orders' }, clock);
  const files = new AwaitedFiles({ clock, events, missing: () => missing });
  const stop = new AbortController();
  const done = files.untilAllThere(stop.signal);
  done.catch(() => undefined);
  return { clock, files, lines, done, stop };
}

it('tells once what it waits for, keeps the reason, and goes on as soon as all files are there', async () => {
  const missing = ['the token file /t is not there yet', 'the TLS file /ca is empty'];
  const { clock, files, lines, done } = waiting(missing);
  expect(files.trouble?.message).toMatch(/\/t is not there yet; the TLS file \/ca is empty/);
  missing.shift();
  files.changed();
  await clock.advance(120_000);
  expect(files.trouble?.message).toMatch(/^the TLS file \/ca is empty: write it/);
  expect(lines).toEqual([expect.stringContaining('not registered yet, retrying: the token file /t')]);
  missing.shift();
  files.changed();
  await clock.advance(0);
  await done;
  expect([lines.length, files.trouble]).toEqual([1, undefined]);
});

it('takes no time when nothing is missing, and ends with the signal', async () => {
  await waiting([]).done;
  const { stop, done, files } = waiting(['a file']);
  stop.abort(new Error('stopped'));
  await expect(done).rejects.toThrow('stopped');
  expect(files.trouble).toBeUndefined();
});
