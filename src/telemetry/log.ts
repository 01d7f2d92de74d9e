import type { Clock } from '../core/clock.js';
import { formatDuration } from '../core/duration.js';
import type { LossCause } from '../core/errors.js';
import type { Events } from './events.js';
import type { EventName, Listener, RegistrarEvents } from '../contracts/events.js';
import type { Logger } from '../contracts/logger.js';

/** While an outage lasts, one line says so at most this often. */
const SUMMARY_EVERY_MS = 60_000;

/** Failed tries in a row, from the first to the one that succeeds. */
interface Outage {
  readonly since: number;
  misses: number;
  saidAt: number;
}

/**
 * Writes a line for each transition, never one a beat: an outage is its first failure, a summary once a minute while it lasts, and
 * its end. Errors are written as code and message alone, for what hangs off them may hold secrets. The returned function ends it.
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
  const troubled = new Set<string>();

  const listedAgain = (): { misses?: number } => {
    const misses = outage?.misses;
    listed = true;
    outage = undefined;
    offBeat?.();
    offBeat = undefined;
    return misses === undefined ? {} : { misses };
  };

  const accepted = (): void => {
    // Not listed: the registration that is under way will say so when it is done.
    if (outage === undefined || !listed) return;
    const outageMs = clock.now() - outage.since;
    logger.info(
      { ...fields, ...listedAgain(), outageMs: Math.round(outageMs) },
      `heartbeats of ${service} are accepted again after ${took(outageMs)}`,
    );
  };

  on('address', ({ address, port, candidates }) => {
    const reason = candidates.find(({ chosen }) => chosen)?.reason;
    const at = address === undefined ? "its agent's address" : address;
    const where = port === undefined ? at : `${at}, port ${String(port)}`;
    logger.info(
      { ...fields, address, port, candidates },
      `${service} will be found at ${where}${reason === undefined ? '' : `: ${reason}`}`,
    );
  });
  on('registered', ({ instance, holder, afterMs }) => {
    fields = { service, instance: instance.id, registry: holder };
    logger.info(
      { ...fields, ...listedAgain(), afterMs: Math.round(afterMs) },
      `${service} is registered in ${holder} as ${instance.id}, ${took(afterMs)} after its start`,
    );
  });
  on('lost', ({ cause, error }) => {
    listed = false;
    logger.warn(
      { ...fields, cause, ...(error && { error: brief(error) }) },
      `${service} is no longer listed: ${lossSentences[cause]}; registering it again`,
    );
  });
  on('recovered', ({ cause, holder, afterMs }) => {
    fields = { ...fields, registry: holder };
    logger.info(
      { ...fields, ...listedAgain(), cause, afterMs: Math.round(afterMs) },
      `${service} is listed in ${holder} again after ${took(afterMs)}`,
    );
  });
  for (const event of ['fellBack', 'failedBack'] as const) {
    on(event, ({ from, holder, level }) => {
      fields = { ...fields, registry: holder };
      const direction = event === 'fellBack' ? `falls back to ${holder}` : `is back in ${holder}`;
      logger[event === 'fellBack' ? 'warn' : 'info'](
        { ...fields, from, level },
        `${service} ${direction}, from ${from}`,
      );
    });
  }
  on('member', ({ name, state, roundTripMs }) => {
    const sentence =
      state === 'out' ? `gives no answer: ${service} passes it over until it does` : `answers ${service} again`;
    logger[state === 'out' ? 'warn' : 'info'](
      { ...fields, member: name, state, roundTripMs: roundTripMs && Math.round(roundTripMs) },
      `${name} ${sentence}`,
    );
  });
  on('beatMissed', (miss) => {
    const now = clock.now();
    outage ??= { since: now, misses: 0, saidAt: -Infinity };
    // Only meanwhile: beats that nobody listens to need not be told.
    offBeat ??= events.on('beat', accepted);
    outage.misses += 1;
    if (now - outage.saidAt < SUMMARY_EVERY_MS) return;
    outage.saidAt = now;
    const { misses } = outage;
    logger.warn(
      { ...fields, misses, outageMs: Math.round(miss.outageMs), error: brief(miss.error) },
      missSentence(service, listed, misses, miss),
    );
  });
  on('rotated', ({ holder }) => {
    logger.info({ ...fields, registry: holder }, `${service} is held in ${holder} under its new token`);
  });
  on('maintenance', ({ on: isOn, reason }) => {
    logger.info(
      { ...fields, reason },
      isOn ? `${service} is out of traffic: ${reason}` : `${service} is back from its maintenance`,
    );
  });
  on('component', ({ name, reason, effect, detail }) => {
    if (effect !== 'none') {
      troubled.add(name);
      logger.warn(
        { ...fields, component: name, reason, effect, ...(detail !== undefined && { detail }) },
        `${service} is ${effect}: ${name} ${reason}${detail === undefined ? '' : `: ${detail}`}`,
      );
    } else if (troubled.delete(name)) {
      logger.info({ ...fields, component: name }, `${service}: ${name} is well again`);
    }
  });
  on('conflict', ({ error }) => {
    logger.warn({ ...fields, error: brief(error) }, `${service} is kept from its id: ${error.message}`);
  });
  on('drift', ({ fields: differing, repaired }) => {
    const outcome = repaired ? 'they are written again' : 'they are left as they are';
    logger.warn(
      { ...fields, differing, repaired },
      `the registry holds other values of ${service} than were written (${differing.join(', ')}): ${outcome}`,
    );
  });
  on('configRejected', ({ source, cause, problem }) => {
    logger.warn(
      { ...fields, source, cause },
      `${service} keeps the labels it has: ${source} ${cause === 'invalid' ? 'cannot be used' : `is ${cause}`}: ${problem}`,
    );
  });
  on('draining', ({ reason }) => {
    logger.info({ ...fields, reason }, `${service} is leaving the registry and drains: ${reason}`);
  });
  on('deregistered', ({ policy, confirmed, tookMs }) => {
    listed = false;
    const where = policy === 'deregister' ? 'the registry' : 'traffic';
    if (policy === 'leave')
      logger.info({ ...fields, policy }, `${service} stays in the registry until its TTL takes it out of traffic`);
    else if (confirmed)
      logger.info(
        { ...fields, policy, tookMs: Math.round(tookMs) },
        `${service} is out of ${where} after ${took(tookMs)}`,
      );
    else
      logger.warn(
        { ...fields, policy, tookMs: Math.round(tookMs) },
        `${service} could not be seen to be out of ${where}; its TTL will take it out`,
      );
  });
  on('stopped', ({ tookMs, errors }) => {
    if (errors.length === 0)
      logger.info({ ...fields, tookMs: Math.round(tookMs) }, `${service} has stopped after ${took(tookMs)}`);
    else
      logger.warn(
        { ...fields, tookMs: Math.round(tookMs), errors: errors.map(brief) },
        `${service} has stopped after ${took(tookMs)}, with errors on the way`,
      );
  });
  on('failed', ({ error }) => {
    logger.error(
      { ...fields, error: brief(error) },
      `${service} has given up on being registered; no retry can mend this: ${error.message}`,
    );
  });
  on('warning', ({ message }) => {
    logger.warn(fields, message);
  });
  return () => {
    for (const off of [...offs, offBeat]) off?.();
  };
}

const lossSentences: Readonly<Record<LossCause, string>> = {
  missing: 'the registry no longer holds it',
  expired: 'no heartbeat was accepted for a whole TTL',
  denied: 'the registry refuses its token',
  taken: 'something else has written over its entry',
  silent: 'its registry gives no answer',
};

function missSentence(
  service: string,
  listed: boolean,
  misses: number,
  { error, outageMs, marginMs }: RegistrarEvents['beatMissed'],
): string {
  if (misses > 1) {
    const tries = listed ? 'heartbeats' : 'tries to register';
    return `${service}: ${String(misses)} ${tries} have failed in ${took(outageMs)}, still trying: ${error.message}`;
  }
  if (!listed) return `${service} could not be registered yet, trying on: ${error.message}`;
  return `a heartbeat of ${service} failed with ${took(Math.max(0, marginMs))} of its TTL left, trying again: ${error.message}`;
}

const took = formatDuration;

function brief(error: Error): { code?: string; message: string } {
  const { message } = error;
  return 'code' in error && typeof error.code === 'string' ? { code: error.code, message } : { message };
}
