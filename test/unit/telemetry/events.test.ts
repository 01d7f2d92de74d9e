import { expect, it } from 'vitest';
import { rememberSecret } from '../../../src/core/secrets.js';
import { Events } from '../../../src/telemetry/events.js';
import { settle } from '../../support/fake-clock.js';

function setUp() {
  const reports: string[] = [];
  const events = new Events((error, event) => reports.push(`${event}: ${error.message}`));
  return { events, reports };
}

it('tells every listener of an event, and none of another', () => {
  const { events } = setUp();
  const heard: string[] = [];
  events.on('warning', ({ message }) => heard.push(`one ${message}`));
  events.on('warning', ({ message }) => heard.push(`two ${message}`));
  events.on('draining', () => heard.push('draining'));
  events.emit('warning', { message: 'a' });
  expect(heard).toEqual(['one a', 'two a']);
});

it('shows neither secrets nor control characters of what a payload quotes, and leaves what programs compare', () => {
  const { events } = setUp();
  rememberSecret('hunter2-TOPSECRET');
  const heard: unknown[] = [];
  events.on('maintenance', (payload) => heard.push(payload));
  events.on('fellBack', (payload) => heard.push(payload));
  events.emit('maintenance', { on: true, reason: 'forged\u001b[31m by hunter2-TOPSECRET\u202e' });
  events.emit('fellBack', { from: 'hunter2-TOPSECRET', holder: 'file', level: 1 });
  expect(heard).toEqual([
    { on: true, reason: 'forged\\u{1b}[31m by (hidden)\\u{202e}' },
    { from: 'hunter2-TOPSECRET', holder: 'file', level: 1 },
  ]);
});

it('lets the same function listen twice, and each off ends one of them', () => {
  const { events } = setUp();
  let count = 0;
  const listener = () => {
    count += 1;
  };
  const off = events.on('warning', listener);
  events.on('warning', listener);
  events.emit('warning', { message: 'a' });
  off();
  off();
  events.emit('warning', { message: 'b' });
  expect(count).toBe(3);
});

it('reports a listener that throws or rejects, and tells the others all the same', async () => {
  const { events, reports } = setUp();
  let heard = 0;
  events.on('warning', () => {
    throw new Error('thrown');
  });
  events.on('warning', (): unknown => Promise.reject(new Error('rejected')));
  events.on('warning', () => {
    heard += 1;
  });
  events.emit('warning', { message: 'a' });
  await settle();
  expect(heard).toBe(1);
  expect(reports).toEqual(['warning: thrown', 'warning: rejected']);
});

it('survives a report that throws as well', () => {
  const events = new Events(() => {
    throw new Error('the logger is broken too');
  });
  events.on('warning', () => {
    throw new Error('thrown');
  });
  expect(() => {
    events.emit('warning', { message: 'a' });
  }).not.toThrow();
});

it('tells those who listened when it happened', () => {
  const { events } = setUp();
  const heard: string[] = [];
  events.on('warning', () => {
    heard.push('early');
    events.on('warning', () => heard.push('late'));
  });
  events.emit('warning', { message: 'a' });
  expect(heard).toEqual(['early']);
});

it('tells whether anybody listens, now and at each change of that', () => {
  const { events } = setUp();
  const told: boolean[] = [];
  events.onInterest('beat', (isListenedTo) => told.push(isListenedTo));
  const offs = [events.on('beat', () => undefined), events.on('beat', () => undefined)];
  for (const off of [...offs, ...offs]) off();
  expect(told).toEqual([false, true, false]);
});
