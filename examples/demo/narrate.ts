import type { Registrar } from 'rollcall';
import { duration } from './timeline.js';
import type { Timeline } from './timeline.js';

/** Tells the events of a Registrar in plain words. */
export function narrate(registrar: Registrar, timeline: Timeline): void {
  registrar.on('state', ({ from, to }) => {
    if (from === 'waiting' && to === 'registering')
      timeline.tell('ready', 'the readiness gate is open: now it may be listed');
  });
  registrar.on('registered', ({ instance, holder, afterMs }) => {
    timeline.tell('registered', `in ${holder} as ${instance.id}, ${duration(afterMs)} after the gate opened`);
  });
  registrar.on('beat', ({ status, tookMs, ttlMs, marginMs }) => {
    // The first one after a registration belongs to it.
    if (registrar.state !== 'registered') return;
    timeline.tell(
      'beat',
      `${status}, took ${duration(tookMs)}, with ${duration(marginMs)} of the ${duration(ttlMs)} TTL to spare`,
    );
  });
  registrar.on('beatMissed', ({ error, inRow, marginMs }) => {
    if (inRow === 1)
      timeline.tell('beat missed', `${firstSentence(error.message)}; trying on, ${duration(marginMs)} of the TTL left`);
  });
  registrar.on('lost', ({ cause }) => {
    timeline.tell(
      'lost',
      cause === 'missing'
        ? 'the registry has no such entry any more: registering again'
        : 'no heartbeat got through for a whole TTL: registering again',
    );
  });
  registrar.on('recovered', ({ afterMs }) => {
    timeline.tell('recovered', `listed again, ${duration(afterMs)} after the loss was noticed`);
  });
  registrar.on('draining', ({ reason }) => {
    timeline.tell('draining', `${reason}: leaving the registry, still answering requests`);
  });
  registrar.on('deregistered', ({ confirmed, tookMs }) => {
    timeline.tell(
      'deregistered',
      confirmed
        ? `seen to be gone, after ${duration(tookMs)}`
        : 'the registry did not confirm it: the TTL will take the entry out',
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

/** The rest is advice, for a log. */
function firstSentence(text: string): string {
  return text.split(/\. |\n/)[0] ?? text;
}
