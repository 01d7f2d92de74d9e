import { expect, it } from 'vitest';
import { Events } from '../../../src/telemetry/events.js';
import { recordEvents } from '../../support/record-events.js';

const events = () =>
  new Events((error) => {
    throw error;
  });

it('hands out each event once, whether it came before or after it was asked for', async () => {
  const source = events();
  const record = recordEvents(source);
  source.emit('warning', { message: 'one' });
  source.emit('draining', { reason: 'stop' });
  source.emit('warning', { message: 'two' });
  expect(await record.next('warning')).toEqual({ message: 'one' });
  expect(await record.next('warning')).toEqual({ message: 'two' });
  const third = record.next('warning');
  source.emit('warning', { message: 'three' });
  expect(await third).toEqual({ message: 'three' });
  expect(record.all.map(({ name }) => name)).toEqual(['warning', 'draining', 'warning', 'warning']);
  expect(record.of('draining')).toEqual([{ reason: 'stop' }]);
});

it('says what came instead when it has waited in vain', async () => {
  const source = events();
  const record = recordEvents(source);
  source.emit('draining', { reason: 'stop' });
  await expect(record.next('stopped', 1)).rejects.toThrow("No 'stopped' within 1 ms; told were: draining");
});

it('records nothing more once it is stopped', () => {
  const source = events();
  const record = recordEvents(source);
  record.stop();
  source.emit('draining', { reason: 'stop' });
  expect(record.all).toEqual([]);
});
