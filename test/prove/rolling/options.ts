import type { OwnOptions } from '../experiment/experiment.js';

/** How a service goes when it is told to: as rollcall does, or in one of the usual ways. */
export const baselines = ['close-at-once', 'fixed-sleep', 'exit-at-once'] as const;
export const nemeses = ['agent-restart', 'leader-loss', 'latency'] as const;
export const frameworks = ['http', 'express', 'fastify', 'http2'] as const;
export const throughs = ['haproxy', 'gateway'] as const;
export const policies = ['deregister', 'maintenance'] as const;

export type Way = 'rollcall' | (typeof baselines)[number];
export type NemesisName = (typeof nemeses)[number];
export type Framework = (typeof frameworks)[number];
export type Policy = (typeof policies)[number];

/**
 * `--rolls`: how many instances are restarted; `--control`: nobody is, and nothing must fail; `--through gateway`: callers
 * ask the gateway of the examples instead of HAProxy.
 */
export const rollingOptions: OwnOptions = {
  rolls: 'number',
  control: 'switch',
  nemesis: nemeses,
  baseline: baselines,
  through: throughs,
  policy: policies,
  framework: frameworks,
};
