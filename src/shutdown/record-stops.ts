import type { Config } from '../config/config.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { Clock } from '../core/clock.js';
import type { Events } from '../telemetry/events.js';
import { isRunning } from './signals.js';
import { StopRecordFile, describeCutShort } from './stop-record.js';
import type { StopRecord } from './stop-record.js';

/** How precisely the next start knows when the process ended. */
const TOUCH_EVERY_MS = 250;

export interface RecordStopsPlan {
  readonly folder: string;
  readonly config: Pick<Config, 'signals' | 'stopTimeoutMs'>;
  readonly clock: Clock;
  readonly events: Events;
  readonly hostname: string;
  /** The registered instance; undefined before the first registration. */
  readonly registered: () => ServiceInstance | undefined;
}

/**
 * Warns of a stop of this instance's former process that was cut short, and records the stop of this one for the
 * next. Only stops by a signal count, since only the platform cuts them short. Where the folder cannot be used, or is
 * gone with the container, the next start knows nothing.
 */
export function recordStops({ folder, config, clock, events, hostname, registered }: RecordStopsPlan): void {
  let hasBegun = false;
  /** Set once the record of the former process has been read, so that ours is never taken for it. */
  let file: StopRecordFile | undefined;
  let record: StopRecord | undefined;
  let cancel: () => void = () => undefined;

  const save = (): void => {
    if (record === undefined) return;
    try {
      file?.write(record);
    } catch {
      // Ignored: the next start knows nothing of this stop.
    }
  };
  const begin = async (instance: ServiceInstance): Promise<void> => {
    if (hasBegun) return;
    hasBegun = true;
    const opened = new StopRecordFile(folder, instance, clock);
    const former = await opened.takeFormer(hostname, isRunning);
    file = opened;
    save();
    if (former !== undefined) events.emit('warning', { message: describeCutShort(former) });
  };
  // Ignored: the folder cannot be used.
  const ignore = () => undefined;
  const touch = (): void => {
    void file?.touch();
    cancel = clock.after(TOUCH_EVERY_MS, touch);
  };

  const instance = registered();
  if (instance !== undefined) begin(instance).catch(ignore);
  events.on('registered', (listed) => {
    begin(listed.instance).catch(ignore);
  });
  events.on('draining', ({ reason }) => {
    if (!config.signals.some((signal) => signal === reason)) return;
    const { stopTimeoutMs: timeoutMs } = config;
    record = { pid: process.pid, hostname, reason, beganAt: clock.wallTime(), timeoutMs, hasLeft: false };
    save();
    touch();
  });
  events.on('deregistered', ({ confirmed }) => {
    if (record === undefined) return;
    record = { ...record, hasLeft: confirmed };
    save();
  });
  events.on('stopped', () => {
    cancel();
    if (record === undefined) return;
    record = undefined;
    try {
      file?.remove();
    } catch {
      // Ignored: the next start says wrongly that this stop was cut short, with all of its time.
    }
  });
}
