import { expect, it } from 'vitest';
import { describeResources, warnOfSurvival } from '../../../src/shutdown/survival.js';
import { Events } from '../../../src/telemetry/events.js';
import { FakeClock } from '../../support/fake-clock.js';
import { simulatedLife } from '../../support/simulated-life.js';

it('names what keeps a process alive 5 s after its stop, once', async () => {
  const clock = new FakeClock();
  const events = new Events(() => undefined);
  const messages: string[] = [];
  events.on('warning', ({ message }) => messages.push(message));
  warnOfSurvival({ reason: 'SIGTERM', clock, events, resources: () => ['Timeout', 'TCPSocketWrap', 'TCPSocketWrap'] });
  await clock.advance(4_900);
  expect(messages).toEqual([]);
  await clock.advance(60_000);
  expect(messages).toEqual([
    'the process is still alive 5s after its stop by SIGTERM. The host listens to that signal too, so the host must ' +
      'end the process: close what keeps it alive (Timeout, 2 × TCPSocketWrap), or call process.exit() after ' +
      'registrar.stop()',
  ]);
});

it('counts each kind, and says so when there is none or too many', () => {
  expect(describeResources([])).toBe('nothing that Node names');
  expect(describeResources(Array.from({ length: 12 }, (_none, i) => `Kind${i}`))).toMatch(/^Kind0, .*, Kind9 …$/);
});

it.each([
  ['a signal that the host shares', true, 'signal', 1],
  ['a signal of ours alone', false, 'signal', 0],
  ['a call of stop()', true, 'call', 0],
] as const)('is warned of after %s', async (_what, isShared, how, count) => {
  const { clock, process, registrar, told } = simulatedLife({ shutdown: { drain: { min: 0, quiet: 0 } } });
  if (isShared) process.on('SIGTERM', () => undefined);
  void registrar.start();
  await clock.advance(1_000);
  if (how === 'signal') process.send('SIGTERM');
  else void registrar.stop();
  await clock.advance(20_000);
  expect(registrar.state).toBe('stopped');
  expect(told('warning').filter(({ message }) => message.includes('still alive'))).toHaveLength(count);
});
