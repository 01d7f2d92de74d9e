import type { OwnOptions } from '../experiment/experiment.js';

export const lateForms = ['endpoints', 'chain'] as const;
export const lateThreads = ['main', 'worker'] as const;
export const lateFaults = ['silent', 'reset', '500', 'slow'] as const;

/** `--only`: how the two agents are given; `--thread`: where the heartbeats come from; `--fault`: one of them. All without them. */
export const lateOptions: OwnOptions = { only: lateForms, thread: lateThreads, fault: lateFaults };
