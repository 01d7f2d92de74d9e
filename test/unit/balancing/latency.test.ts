import { describe, expect, it } from 'vitest';
import { Latency as LatencyInTicks, UNKNOWN_MS } from '../../../src/balancing/latency.js';
import { ticksOf } from '../../../src/balancing/ticks.js';

/** With times in milliseconds. */
class Latency {
  readonly #latency: LatencyInTicks;

  constructor(now: number) {
    this.#latency = new LatencyInTicks(ticksOf(now));
  }

  estimate(now: number): number {
    return this.#latency.estimate(ticksOf(now)) / ticksOf(1);
  }

  observe(ms: number, now: number): void {
    this.#latency.observe(ms, ticksOf(now));
  }

  forget(): void {
    this.#latency.forget();
  }
}

describe('the latency of an instance', () => {
  it('is taken for high until there is an answer, and fades', () => {
    const latency = new Latency(0);
    expect(latency.estimate(0)).toBe(UNKNOWN_MS);
    expect(latency.estimate(4_000)).toBeLessThan(5);
    latency.observe(3, 10);
    expect(latency.estimate(10)).toBe(3);
  });

  it('rises at once and falls by and by', () => {
    const latency = new Latency(0);
    latency.observe(10, 0);
    latency.observe(500, 10);
    expect(latency.estimate(10)).toBe(500);
    latency.observe(10, 20);
    expect(latency.estimate(20)).toBeGreaterThan(400);
    for (let answers = 0; answers < 40; answers += 1) latency.observe(10, 30 + answers);
    expect(latency.estimate(70)).toBeLessThan(13);
  });

  it('is never below a millisecond, nor anything but a number', () => {
    const latency = new Latency(0);
    latency.observe(0, 0);
    expect(latency.estimate(1e8)).toBe(1);
    latency.observe(-5, 1e8);
    expect(latency.estimate(1e8)).toBe(1);
  });

  it('begins anew after a fault', () => {
    const latency = new Latency(0);
    latency.observe(500, 0);
    latency.forget();
    latency.observe(5, 10);
    expect(latency.estimate(10)).toBe(5);
  });
});
