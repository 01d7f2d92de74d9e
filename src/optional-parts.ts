import type { RegistrarParts } from './compose.js';
import type { HealthServer } from './server/health-server.js';

/**
 * Starts the features that few services use, or that no start-up needs. They load lazily, which keeps the import
 * cheap; a failed load disables only that feature.
 */
export function loadOptionalParts(parts: RegistrarParts): void {
  const { config, attachments } = parts;
  attachments.checking = Promise.all([
    config.signals.includes('SIGTERM') ? checkSignalDelivery(parts) : undefined,
    config.signals.length > 0 ? checkStops(parts) : undefined,
  ]).then(ignore, ignore);
  if (config.onExit) leaveOnExit(parts).catch(ignore);
  const { port } = config.health;
  if (port !== undefined) attachments.healthServer = openHealthServer(parts, port).catch(ignore);
}

async function checkSignalDelivery({ context, events, halt }: RegistrarParts): Promise<void> {
  const { warnOfLostSignals } = await import('./shutdown/signal-delivery.js');
  await warnOfLostSignals(context.system, events, halt.signal);
}

/** Whether stops have, and had, the time that they may take. */
async function checkStops({ context, config, events, lifecycle }: RegistrarParts): Promise<void> {
  const { clock, system } = context;
  const { pm2 } = system.platform();
  if (pm2 !== undefined) {
    const { killTimeoutProblem } = await import('./shutdown/kill-timeout.js');
    const message = killTimeoutProblem(pm2, config.stopTimeoutMs);
    if (message !== undefined) events.emit('warning', { message });
  }
  const folder = await system.recordFolder();
  if (folder === undefined) return;
  const { recordStops } = await import('./shutdown/record-stops.js');
  const registered = () => lifecycle.heartbeat?.active?.instance;
  recordStops({ folder, config, clock, events, hostname: system.hostname(), registered });
}

async function leaveOnExit({ context, config, registry, lifecycle, events, machine }: RegistrarParts): Promise<void> {
  const [{ leaveAtExit }, exitHandler] = await Promise.all([
    import('./shutdown/exit/leave-at-exit.js'),
    context.exitHandler(),
  ]);
  const { clock } = context;
  leaveAtExit({ exitHandler, config, registry, clock, events, machine, heartbeat: () => lifecycle.heartbeat });
}

async function openHealthServer({ healthEndpoint, events }: RegistrarParts, port: number): Promise<HealthServer> {
  const { openHealthServer: open } = await import('./server/health-server.js');
  return open({ endpoint: healthEndpoint, port, onProblem: (message) => events.emit('warning', { message }) });
}

function ignore(): undefined {
  return undefined;
}
