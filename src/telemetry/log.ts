import type { Clock } from '../core/clock.js';
import { formatDuration } from '../core/duration.js';
import type { LossCause } from '../core/errors.js';
import type { Events } from './events.js';
import type { EventName, Listener, RegistrarEvents } from '../contracts/events.js';
import type { Logger } from '../contracts/logger.js';

/** The least time between two lines about the same outage. */
const SUMMARY_EVERY_MS = 60_000;

/** Consecutive failed heartbeats, or failed attempts to register. */
interface Outage {
  readonly since: number;
  misses: number;
  loggedAt: number;
}

/**
 * Logs every transition, but no single heartbeat: an outage is logged at its first failure, once a minute while it
 * lasts, and at its end. Logs only the code and message of an error, since its other properties may hold secrets. The
 * returned function ends it.
 */
export function logEvents(
  events: Events,
  logger: Logger,
  describe: { readonly service: string },
  clock: Clock,
): () => void {
  const { service } = describe;
  const offs: (() => void)[] = [];
  const on = <N extends EventName>(event: N, listener: Listener<N>) => offs.push(events.on(event, listener));
  let fields: { service: string; instance?: string; registry?: string } = { service };
  let listed = false;
  let outage: Outage | undefined;
  let offBeat: (() => void) | undefined;
  const failing = new Set<string>();

  const endOutage = (): { misses?: number } => {
    const misses = outage?.misses;
    listed = true;
    outage = undefined;
    offBeat?.();
    offBeat = undefined;
    return misses === undefined ? {} : { misses };
  };

  const accepted = (): void => {
    // When not listed, the line about the registration under way ends the outage.
    if (outage === undefined || !listed) return;
    const outageMs = clock.now() - outage.since;
    logger.info(
      { ...fields, ...endOutage(), outageMs: Math.round(outageMs) },
      `${service}: heartbeats are accepted again after ${formatDuration(outageMs)}`,
    );
  };

  on('address', ({ address, port, candidates }) => {
    const reason = candidates.find(({ chosen }) => chosen)?.reason;
    const host = address ?? "the address of the registry's agent";
    const advertised = port === undefined ? host : `${host}, port ${String(port)}`;
    logger.info(
      { ...fields, address, port, candidates },
      `${service}: advertises ${advertised}${reason === undefined ? '' : `, because ${reason}`}`,
    );
  });
  on('registered', ({ instance, holder, afterMs }) => {
    fields = { service, instance: instance.id, registry: holder };
    logger.info(
      { ...fields, ...endOutage(), afterMs: Math.round(afterMs) },
      `${service}: registered in ${holder} as ${instance.id}, ${formatDuration(afterMs)} after the start`,
    );
  });
  on('lost', ({ cause, error }) => {
    listed = false;
    logger.warn(
      { ...fields, cause, ...(error && { error: brief(error) }) },
      `${service}: registration lost, ${describeLoss(cause, error)}; registering again unless \`recover\` is false`,
    );
  });
  on('recovered', ({ cause, holder, afterMs }) => {
    fields = { ...fields, registry: holder };
    logger.info(
      { ...fields, ...endOutage(), cause, afterMs: Math.round(afterMs) },
      `${service}: registered in ${holder} again after ${formatDuration(afterMs)}`,
    );
  });
  on('fellBack', ({ from, holder, level }) => {
    fields = { ...fields, registry: holder };
    logger.warn(
      { ...fields, from, level },
      `${service}: fell back from ${from} to ${holder}; it returns once ${from} accepts registrations again`,
    );
  });
  on('failedBack', ({ from, holder, level }) => {
    fields = { ...fields, registry: holder };
    logger.info({ ...fields, from, level }, `${service}: failed back from ${from} to ${holder}`);
  });
  on('member', ({ name, state, roundTripMs }) => {
    const memberFields = { ...fields, member: name, state, roundTripMs: roundTripMs && Math.round(roundTripMs) };
    if (state === 'out') logger.warn(memberFields, `${service}: ${name} does not answer; skipping it until it does`);
    else logger.info(memberFields, `${service}: ${name} answers again`);
  });
  on('beatMissed', (miss) => {
    const now = clock.now();
    outage ??= { since: now, misses: 0, loggedAt: -Infinity };
    // Only during an outage, because emitting `beat` costs more while it has a listener.
    offBeat ??= events.on('beat', accepted);
    outage.misses += 1;
    if (now - outage.loggedAt < SUMMARY_EVERY_MS) return;
    outage.loggedAt = now;
    const { misses } = outage;
    logger.warn(
      { ...fields, misses, outageMs: Math.round(miss.outageMs), error: brief(miss.error) },
      `${service}: ${describeMiss(listed, misses, miss)}`,
    );
  });
  on('rotated', ({ holder }) => {
    logger.info({ ...fields, registry: holder }, `${service}: registered in ${holder} with its new credentials`);
  });
  on('maintenance', ({ on: isOn, reason }) => {
    logger.info(
      { ...fields, reason },
      isOn ? `${service}: in maintenance, so out of traffic: ${reason}` : `${service}: maintenance ended`,
    );
  });
  on('component', ({ name, reason, effect, detail }) => {
    if (effect !== 'none') {
      failing.add(name);
      const cause = `component ${name} is ${reason}${detail === undefined ? '' : `: ${detail}`}`;
      logger.warn(
        { ...fields, component: name, reason, effect, ...(detail !== undefined && { detail }) },
        `${service}: health is ${effect}, because ${cause}`,
      );
    } else if (failing.delete(name)) {
      logger.info({ ...fields, component: name }, `${service}: component ${name} is healthy again`);
    }
  });
  on('conflict', ({ error }) => {
    logger.warn({ ...fields, error: brief(error) }, `${service}: not registered: ${error.message}`);
  });
  on('drift', ({ fields: differing, repaired }) => {
    const outcome = repaired
      ? 'writing it again'
      : "left as it is, because `drift` is 'report' or the last repair was less than a minute ago";
    logger.warn(
      { ...fields, differing, repaired },
      `${service}: the registry entry was changed (${differing.join(', ')}); ${outcome}`,
    );
  });
  on('configRejected', ({ source, cause, problem }) => {
    logger.warn(
      { ...fields, source, cause },
      `${service}: config source ${source} is ${cause}, so the current labels stay: ${problem}`,
    );
  });
  on('sharedSignals', (shared) => {
    logger.info({ ...fields, ...shared }, `${service}: ${describeShared(shared)}`);
  });
  on('draining', ({ reason, noDrain }) => {
    const next =
      noDrain === undefined
        ? 'leaves the registry and serves until its traffic has gone'
        : `leaves the registry and closes without a drain, because ${noDrain}`;
    logger.info({ ...fields, reason }, `${service}: draining (${reason}); ${next}`);
  });
  on('stopWaits', ({ waitingFor, sinceMs }) => {
    logger.info(
      { ...fields, sinceMs: Math.round(sinceMs) },
      `${service}: stopping for ${formatDuration(sinceMs)}, waits for ${waitingFor}`,
    );
  });
  on('deregistered', (departure) => {
    listed = false;
    const { policy, confirmed } = departure;
    const departureFields = { ...fields, policy, tookMs: Math.round(departure.tookMs) };
    const described = describeDeparture(departure, fields.registry ?? 'the registry');
    const message = `${service}: ${described}${describeUnreached(departure)}`;
    if (confirmed || policy === 'leave') logger.info(departureFields, message);
    else logger.warn(departureFields, message);
  });
  on('stopped', ({ tookMs, errors }) => {
    if (errors.length === 0)
      logger.info({ ...fields, tookMs: Math.round(tookMs) }, `${service}: stopped after ${formatDuration(tookMs)}`);
    else
      logger.warn(
        { ...fields, tookMs: Math.round(tookMs), errors: errors.map(brief) },
        `${service}: stopped after ${formatDuration(tookMs)} with ${describeErrors(errors)}`,
      );
  });
  on('failed', ({ error }) => {
    logger.error(
      { ...fields, error: brief(error) },
      `${service}: gave up on its registration, since no retry can succeed: ${error.message}`,
    );
  });
  on('warning', ({ message }) => {
    logger.warn(fields, `${service}: ${message}`);
  });
  return () => {
    for (const off of [...offs, offBeat]) off?.();
  };
}

const lossReasons: Readonly<Record<LossCause, string>> = {
  missing: 'the registry no longer has the entry',
  expired: 'no heartbeat was accepted for a whole TTL',
  denied: 'the registry refuses our credentials',
  taken: 'another writer has replaced the entry',
  silent: 'the registry does not answer',
};

function describeLoss(cause: LossCause, error: Error | undefined): string {
  return error === undefined ? lossReasons[cause] : `${lossReasons[cause]} (${error.message})`;
}

function describeMiss(
  listed: boolean,
  misses: number,
  { error, outageMs, marginMs }: RegistrarEvents['beatMissed'],
): string {
  if (misses > 1) {
    const attempts = listed ? 'heartbeats' : 'attempts to register';
    return `${String(misses)} ${attempts} failed in ${formatDuration(outageMs)}, still retrying: ${error.message}`;
  }
  if (!listed) return `not registered yet, retrying: ${error.message}`;
  const left = formatDuration(Math.max(0, marginMs));
  return `heartbeat failed with ${left} of the TTL left, retrying: ${error.message}`;
}

function describeDeparture(
  { policy, confirmed, tookMs, listedForMs }: RegistrarEvents['deregistered'],
  registry: string,
): string {
  const isRemoval = policy === 'deregister';
  const took = formatDuration(tookMs);
  if (confirmed) return isRemoval ? `deregistered after ${took}` : `out of traffic after ${took} (policy '${policy}')`;
  const failure = isRemoval ? 'deregistration not confirmed' : `policy '${policy}' not confirmed`;
  if (listedForMs === undefined) return `${failure}; it was never registered, so it gets no traffic`;
  const expires = listedForMs === 0 ? 'its TTL has expired' : `its TTL expires, in ${formatDuration(listedForMs)}`;
  if (policy === 'leave') return `stays in ${registry} until ${expires} (policy 'leave')`;
  if (listedForMs === 0) return `${failure}; ${registry} has dropped it, since ${expires}`;
  return `${failure}; ${registry} drops it when ${expires}`;
}

function describeUnreached({ policy, unreached = [] }: RegistrarEvents['deregistered']): string {
  if (unreached.length === 0 || policy === 'leave') return '';
  const later = 'what was sent there may arrive later, as a critical entry until it is reaped';
  return `; ${unreached.join(' and ')} gave no answer: ${later}`;
}

/** What the host's listeners mean, and how to order them with the stop. */
export function describeShared({ signals, listeners }: RegistrarEvents['sharedSignals']): string {
  const run = `${signals.join(' and ')} also ${signals.length === 1 ? 'runs' : 'run'} ${listeners.join(', ')}`;
  const meaning = 'rollcall leaves the registry and drains beside them, and they end the process';
  const order = 'await registrar.stop() in them before they exit or close the server';
  return `${run}: ${meaning}; ${order}. \`shutdown.shared: true\` silences this line`;
}

function describeErrors(errors: readonly Error[]): string {
  const count = errors.length === 1 ? '1 error' : `${String(errors.length)} errors`;
  return `${count}: ${errors.map(({ message }) => message).join('; ')}`;
}

function brief(error: Error): { code?: string; message: string } {
  const { message } = error;
  return 'code' in error && typeof error.code === 'string' ? { code: error.code, message } : { message };
}
