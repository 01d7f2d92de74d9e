import { formatDuration } from '../core/duration.js';

/** A system as Node names it, e.g. `win32`. */
export type Platform = NodeJS.Platform;

/** On Windows nothing can send SIGTERM: the signals there come from Ctrl-C and Ctrl-Break. */
const windowsSignals: readonly NodeJS.Signals[] = Object.freeze(['SIGINT', 'SIGBREAK'] as const);
const posixSignals: readonly NodeJS.Signals[] = Object.freeze(['SIGTERM', 'SIGINT'] as const);

/** Signals that exist on some systems only. The same options must work on all. */
const signalsOfSomeSystems: readonly string[] = ['SIGBREAK', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/** The signals by which a system asks a process to end. */
export function stopSignals(platform: Platform): readonly NodeJS.Signals[] {
  return platform === 'win32' ? windowsSignals : posixSignals;
}

/** Whether it is a signal on another system; listening to it does nothing here. */
export function isSignalElsewhere(signal: string): boolean {
  return signalsOfSomeSystems.includes(signal);
}

/** Says which stops a system does not announce; undefined when it announces them all or no signal is wanted. */
export function unannouncedStops(
  signals: readonly NodeJS.Signals[],
  ttlMs: number,
  platform: Platform,
): string | undefined {
  if (platform !== 'win32' || signals.length === 0) return undefined;
  return (
    'on Windows a service manager, the task manager and process.kill() end this process without a signal, and its ' +
    `entry then stays until its TTL (${formatDuration(ttlMs)}) ends; Ctrl-C and Ctrl-Break stop it properly. Call ` +
    'registrar.stop() from what asks the service to end, e.g. the message of shutdown_with_message under PM2'
  );
}
