import type { Discovery } from '../contracts/discovery.js';
import type { Clock } from '../core/clock.js';
import { ChangeFollower } from './change-follower.js';
import { LeaderMonitor } from './leader-monitor.js';
import { LongPollShare } from './long-poll-share.js';
import { ServiceStream } from './service-stream.js';
import type { Source } from './source-poll.js';

export interface SourcePlan {
  readonly name: string;
  readonly discovery: Discovery;
  readonly isLocal: boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/** A registry to read, with what all its readers share. Nothing is sent before a service is watched. */
export function openSource({ name, discovery, isLocal, clock, random }: SourcePlan): Source {
  const { traits: { longPolls: mostAlone = Infinity, datacenters = false } = {}, feeds = [] } = discovery;
  const hasLeader = discovery.hasLeader?.bind(discovery);
  const watch = discovery.watch?.bind(discovery);
  const stream = watch && new ServiceStream({ name, watch, clock });
  const longPolls = new LongPollShare(mostAlone);
  const leader = hasLeader && new LeaderMonitor({ hasLeader, isLocal, clock, random });
  const follower =
    feeds.length === 0
      ? undefined
      : new ChangeFollower({ feeds, mostAlone, longPolls, leader, isLocal, clock, random });
  const shared = { longPolls, leader, follower, stream };
  return { name, discovery, isLocal, hasDatacenters: datacenters, ...shared };
}
