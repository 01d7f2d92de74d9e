import { expect, it } from 'vitest';
import { ExitHandler } from '../../../../src/shutdown/exit/exit-handler.js';

/** A process that exits when the test says so. */
function exiting() {
  const listeners: (() => void)[] = [];
  let now = 0;
  const handler = new ExitHandler(
    {
      on: (_event, listener) => listeners.push(listener),
      removeListener: (_event, listener) => listeners.splice(listeners.indexOf(listener), 1),
    },
    { now: () => now },
  );
  const passMs = (ms: number) => {
    now += ms;
  };
  return { handler, passMs, listeners, exit: () => listeners.forEach((listener) => listener()) };
}

it('begins all before it waits for one, and carries out what is left to this thread', () => {
  const { handler, exit } = exiting();
  const done: string[] = [];
  for (const name of ['one', 'two'])
    handler.subscribe(() => {
      done.push(`begin ${name}`);
      return () => {
        done.push(`wait for ${name}`);
        return [{ departure: { kind: 'local', run: () => done.push(`leave ${name}`) }, isCurrent: true }];
      };
    });
  exit();
  expect(done).toEqual(['begin one', 'begin two', 'wait for one', 'wait for two', 'leave one', 'leave two']);
});

it('gives all of them a second together', () => {
  const { handler, passMs, exit } = exiting();
  const left: number[] = [];
  for (const takesMs of [700, 700, 0])
    handler.subscribe(() => (leftMs) => {
      left.push(leftMs());
      passMs(takesMs);
      return [];
    });
  exit();
  expect(left).toEqual([1_000, 300, 0]);
});

it('is not stopped by one that fails, at whatever step, and never throws', () => {
  const { handler, exit } = exiting();
  const left: string[] = [];
  const fail = () => {
    throw new Error('the process is not well');
  };
  handler.subscribe(fail);
  handler.subscribe(() => fail);
  handler.subscribe(() => () => [{ departure: { kind: 'local', run: fail }, isCurrent: true }]);
  handler.subscribe(() => () => [{ departure: { kind: 'local', run: () => left.push('left') }, isCurrent: true }]);
  expect(exit).not.toThrow();
  expect(left).toEqual(['left']);
});

it('has one listener while there are Registrars, and none afterwards', () => {
  const { handler, listeners } = exiting();
  const ends = [handler.subscribe(() => () => []), handler.subscribe(() => () => [])];
  expect(listeners).toHaveLength(1);
  for (const end of ends) end();
  ends[0]!();
  expect(listeners).toEqual([]);
});

it('runs at once what a client leaves to the next turn of the event loop, which never comes', () => {
  const { handler, exit } = exiting();
  const sent: unknown[] = [];
  const run = () => void setImmediate((word: string) => sent.push(word), 'DEL');
  handler.subscribe(() => () => [{ departure: { kind: 'local', run }, isCurrent: true }]);
  const before = setImmediate;
  exit();
  expect(sent).toEqual(['DEL']);
  expect(setImmediate).toBe(before);
});
