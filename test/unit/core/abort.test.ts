import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { abortable, onAbort, untilAborted, untilNotified } from '../../../src/core/abort.js';
import { settle } from '../../support/fake-clock.js';

const reason = new Error('stopped by the test');
const listenersOf = ({ signal }: AbortController) => getEventListeners(signal, 'abort').length;

function aborted(): AbortController {
  const controller = new AbortController();
  controller.abort(reason);
  return controller;
}

/** A subscription in the test's hands. */
function subscription() {
  const state = { notify: () => {}, isActive: false, ended: 0 };
  const subscribe = (notify: () => void) => {
    state.isActive = true;
    state.notify = notify;
    return () => {
      state.isActive = false;
      state.ended += 1;
    };
  };
  return { state, subscribe };
}

describe('onAbort', () => {
  it('runs once when the signal aborts, and leaves no listener', () => {
    const controller = new AbortController();
    const run = vi.fn<() => void>();
    onAbort(controller.signal, run);
    expect(run).not.toHaveBeenCalled();
    controller.abort(reason);
    controller.abort(reason);
    expect(run).toHaveBeenCalledOnce();
    expect(listenersOf(controller)).toBe(0);
  });

  it('runs at once when the signal has aborted', () => {
    const run = vi.fn<() => void>();
    const removeListener = onAbort(aborted().signal, run);
    expect(run).toHaveBeenCalledOnce();
    removeListener();
    expect(run).toHaveBeenCalledOnce();
  });

  it('does not run once its listener is removed', () => {
    const controller = new AbortController();
    const run = vi.fn<() => void>();
    onAbort(controller.signal, run)();
    expect(listenersOf(controller)).toBe(0);
    controller.abort(reason);
    expect(run).not.toHaveBeenCalled();
  });
});

describe('untilAborted', () => {
  it('rejects with the reason when the signal aborts, and when it has', async () => {
    const controller = new AbortController();
    const waiting = untilAborted(controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(untilAborted(controller.signal)).rejects.toBe(reason);
  });

  it('makes an error of a reason that is none', async () => {
    await expect(untilAborted(AbortSignal.abort('enough'))).rejects.toThrow('enough');
  });
});

describe('abortable', () => {
  it.each([
    ['resolves', () => Promise.resolve('value'), 'value'],
    ['rejects', () => Promise.reject(reason), reason],
  ])('%s as the promise does, and leaves no listener', async (_, make, expected) => {
    const controller = new AbortController();
    expect(await abortable<unknown>(make(), controller.signal).catch((error: unknown) => error)).toBe(expected);
    await settle();
    expect(listenersOf(controller)).toBe(0);
  });

  it('rejects with the reason of a signal that comes first', async () => {
    const controller = new AbortController();
    const waiting = abortable(new Promise(() => undefined), controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(abortable(Promise.resolve(), controller.signal)).rejects.toBe(reason);
  });
});

describe('untilNotified', () => {
  it('resolves when it is notified; ends the subscription and leaves no listener', async () => {
    const controller = new AbortController();
    const { state, subscribe } = subscription();
    const waiting = untilNotified(subscribe, controller.signal);
    expect(listenersOf(controller)).toBe(1);
    state.notify();
    await waiting;
    expect({ ...state, listeners: listenersOf(controller) }).toMatchObject({ isActive: false, ended: 1, listeners: 0 });
  });

  it('rejects with the reason when the signal aborts first, and ends the subscription', async () => {
    const controller = new AbortController();
    const { state, subscribe } = subscription();
    const waiting = untilNotified(subscribe, controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect({ ...state, listeners: listenersOf(controller) }).toMatchObject({ isActive: false, ended: 1, listeners: 0 });
  });

  it('subscribes to nothing when the signal has aborted', async () => {
    const subscribe = vi.fn<() => () => void>();
    await expect(untilNotified(subscribe, aborted().signal)).rejects.toBe(reason);
    expect(subscribe).not.toHaveBeenCalled();
  });
});
