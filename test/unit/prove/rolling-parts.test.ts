import { describe, expect, it } from 'vitest';
import { partsFor } from '../../prove/rolling/parts.js';

const told = (...asked: Parameters<typeof partsFor>) =>
  partsFor(...asked).map(({ name, claim, rolls, balancers }) => [name, claim, rolls, balancers.length]);

describe('the parts of the proof of rolling restarts', () => {
  it('are the whole claim, and a way that breaks it', () => {
    const whole = [
      ['no restart', 'lossless', 0, 1],
      ['rollcall', 'lossless and prompt', 25, 1],
      ['two balancers', 'lossless', 3, 2],
      ['close-at-once', 'loses', 2, 1],
    ];
    expect(told({}, undefined)).toEqual(whole);
    const short = whole.map(([name, claim, rolls, balancers]) => [name, claim, Math.min(Number(rolls), 2), balancers]);
    expect(told({}, 2)).toEqual(short);
    expect(told({ rolls: 2 }, undefined)).toEqual(short);
  });

  it.each([
    [{ control: true }, [['no restart', 'lossless', 0, 1]]],
    [{ nemesis: 'latency' }, [['rollcall, latency', 'lossless', 25, 1]]],
    [{ policy: 'maintenance', framework: 'http2' }, [['rollcall, http2, maintenance', 'lossless and prompt', 25, 1]]],
    [
      { baseline: 'close-at-once' },
      [
        ['rollcall', 'lossless and prompt', 25, 1],
        ['close-at-once', 'loses', 25, 1],
      ],
    ],
    [
      { baseline: 'fixed-sleep' },
      [
        ['rollcall', 'lossless and prompt', 25, 1],
        ['fixed-sleep', 'for comparison', 25, 1],
      ],
    ],
    [
      { through: 'gateway' },
      [
        ['no restart', 'lossless', 0, 1],
        ['rollcall, gateway', 'lossless and prompt', 25, 1],
        ['exit-at-once', 'loses', 4, 1],
      ],
    ],
  ])('are for %o what was asked for', (options, parts) => {
    expect(told(options, undefined)).toEqual(parts);
  });

  it('say that the gateway speaks no HTTP/2 to instances', () => {
    expect(() => told({ through: 'gateway', framework: 'http2' }, undefined)).toThrow(/leave --framework http2 out/);
  });
});
