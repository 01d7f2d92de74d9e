import type { Registrar } from 'rollcall';
import { duration } from './timeline.js';
import type { Timeline } from './timeline.js';

/** Describes the events of a Registrar. */
export function narrate(registrar: Registrar, timeline: Timeline): void {
  registrar.on('state', ({ from, to }) => {
    if (from === 'waiting' && to === 'registering')
      timeline.tell('ready', 'the readiness gate is open: now it may be listed');
  });
  registrar.on('registered', ({ instance, holder, afterMs }) => {
    timeline.tell('registered', `in ${holder} as ${instance.id}, ${duration(afterMs)} after the gate opened`);
  });
  registrar.on('beat', ({ status, tookMs, ttlMs, marginMs }) => {
    // Skips the first beat, which is part of the registration.
    if (registrar.state !== 'registered') return;
    timeline.tell(
      'beat',
      `${status}, took ${duration(tookMs)}, with ${duration(marginMs)} of the ${duration(ttlMs)} TTL to spare`,
    );
  });
  registrar.on('beatMissed', ({ error, inRow, marginMs }) => {
    if (inRow === 1)
      timeline.tell('beat missed', `${firstSentence(error.message)}; retrying, ${duration(marginMs)} of the TTL left`);
  });
  registrar.on('lost', ({ cause }) => {
    timeline.tell(
      'lost',
      cause === 'missing'
        ? 'the registry no longer has the entry: registering again'
        : 'no heartbeat was accepted for a whole TTL: registering again',
    );
  });
  registrar.on('recovered', ({ afterMs }) => {
    timeline.tell('recovered', `listed again, ${duration(afterMs)} after the loss was noticed`);
  });
  registrar.on('draining', ({ reason }) => {
    timeline.tell('draining', `${reason}: deregistering, still answering requests`);
  });
  registrar.on('deregistered', ({ confirmed, tookMs }) => {
    timeline.tell(
      'deregistered',
      confirmed
        ? `confirmed, after ${duration(tookMs)}`
        : 'not confirmed: the registry drops the entry when its TTL expires',
    );
  });
  registrar.on('failed', ({ error }) => {
    timeline.tell('problem', error.message);
  });
  registrar.on('warning', ({ message }) => {
    timeline.tell('warning', message);
  });
  registrar.on('stopped', ({ tookMs, errors }) => {
    const problems = errors.map(({ message }) => `; ${firstSentence(message)}`).join('');
    timeline.tell('stopped', `server closed, nothing left open, ${duration(tookMs)} after the stop began${problems}`);
  });
}

/** The first sentence of a message; the others are advice. */
function firstSentence(text: string): string {
  return text.split(/\. |\n/)[0] ?? text;
}
